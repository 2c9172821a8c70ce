#include "services/runtime/resources/resource_methods.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/options/v1/options.pb.h"
#include "projections/tables/merged_names.h"
#include "services/core/custom_fields.h"
#include "services/core/field_of.h"
#include "services/runtime/admission/field_groups.h"
#include "services/runtime/calls/batch_call.h"
#include "services/runtime/resources/collections.h"
#include "services/runtime/resources/custom_field_sets.h"
#include "services/runtime/resources/find_type.h"
#include "services/runtime/resources/list_reads.h"
#include "services/runtime/resources/merge_methods.h"
#include "services/runtime/resources/not_there.h"
#include "services/runtime/resources/revisions.h"
#include "services/runtime/resources/seen_elements.h"
#include "services/runtime/resources/standard_handler.h"
#include "services/runtime/resources/visibility.h"
#include "services/runtime/runtime.h"

namespace kith::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

using ResourceTypes = std::vector<ResourceType>;

// The row of the record that the name means; nullopt where none is there.
absl::StatusOr<std::optional<std::string>> RowOf(const ResourceType& type,
                                                 const projections::MergedNames& merged,
                                                 const ReadContext& context,
                                                 const std::string& name) {
  const projections::TableCore& table = type.directory->table();
  KITH_ASSIGN_OR_RETURN(std::optional<std::string> row,
                        table.Get(context.view(), context.workspace(), name, context.tier));
  if (row.has_value() || !merged.any()) return row;
  KITH_ASSIGN_OR_RETURN(const std::string survivor,
                        merged.SurvivorOf(context.view(), context.workspace(), name, context.tier));
  if (survivor == name) return row;
  return table.Get(context.view(), context.workspace(), survivor, context.tier);
}

absl::Status Get(const ResourceType& type, const Visibility& visibility,
                 const projections::MergedNames& merged, const FieldDescriptor* name,
                 const ReadContext& context, const Message& request, Message* response) {
  const std::string wanted = request.GetReflection()->GetString(request, name);
  KITH_ASSIGN_OR_RETURN(const std::optional<std::string> row, RowOf(type, merged, context, wanted));
  if (!row.has_value()) {
    const absl::Status not_found = ResourceNotFound(*type.rules, wanted);
    // Of what is hidden nothing is told, not even that it was.
    return visibility.IsBounded(context.caller) ? not_found : NotThere(context, wanted, not_found);
  }
  if (!response->ParseFromString(*row)) return projections::MalformedRow();
  TellResolved(wanted, response);
  return visibility.Hides(context.caller, *response) ? ResourceNotFound(*type.rules, wanted)
                                                     : absl::OkStatus();
}

// Whether the caller sees the record of which a read tells the history: as it is at the position of
// the read, or was when it was deleted.
absl::Status CheckSeen(const ResourceType& type, const Visibility& visibility,
                       const projections::MergedNames& merged, const ReadContext& context,
                       const std::string& asked) {
  if (!visibility.IsBounded(context.caller)) return absl::OkStatus();
  std::string name = asked;
  if (merged.any()) {
    KITH_ASSIGN_OR_RETURN(
        name, merged.SurvivorOf(context.view(), context.workspace(), asked, context.tier));
  }
  std::optional<std::string> row;
  for (const projections::TableCore* const table :
       {&type.directory->table(), type.directory->deleted()}) {
    if (table == nullptr || row.has_value()) continue;
    KITH_ASSIGN_OR_RETURN(row, table->Get(context.view(), context.workspace(), name, context.tier));
  }
  if (!row.has_value()) return ResourceNotFound(*type.rules, name);
  const std::unique_ptr<Message> record(type.rules->resource->New());
  if (!record->ParseFromString(*row)) return projections::MalformedRow();
  return visibility.Hides(context.caller, *record) ? ResourceNotFound(*type.rules, name)
                                                   : absl::OkStatus();
}

// Fields of a request in the shape of AIP-231, and of its reply.
struct BatchFields {
  const FieldDescriptor* names;
  const FieldDescriptor* rows;
  const FieldDescriptor* missing;
  const FieldDescriptor* left_out;
};

absl::Status BatchGet(const ResourceType& type, const Visibility& visibility,
                      const projections::MergedNames& merged, const BatchFields& fields,
                      const ReadContext& context, const Message& request, Message* response) {
  const auto& ask = *request.GetReflection();
  const auto& answer = *response->GetReflection();
  size_t bytes = 0;
  for (int i = 0; i < ask.FieldSize(request, fields.names); ++i) {
    std::string name = ask.GetRepeatedString(request, fields.names, i);
    if (bytes >= kBatchBytesMax) {
      answer.AddString(response, fields.left_out, std::move(name));
      continue;
    }
    KITH_ASSIGN_OR_RETURN(const std::optional<std::string> row, RowOf(type, merged, context, name));
    if (!row.has_value()) {
      answer.AddString(response, fields.missing, std::move(name));
      continue;
    }
    Message* const added = answer.AddMessage(response, fields.rows);
    if (!added->ParseFromString(*row)) return projections::MalformedRow();
    TellResolved(name, added);
    if (visibility.Hides(context.caller, *added)) {
      answer.RemoveLast(response, fields.rows);
      answer.AddString(response, fields.missing, std::move(name));
      continue;
    }
    bytes += row->size();
  }
  return absl::OkStatus();
}

bool IsBatchOfChanges(const MethodDescriptor& method) {
  return absl::StartsWith(method.name(), "BatchCreate") ||
         absl::StartsWith(method.name(), "BatchUpdate") ||
         absl::StartsWith(method.name(), "BatchDelete");
}

// The repeated field of such messages; null where there is none.
const FieldDescriptor* RowsOf(const Descriptor& reply, const Descriptor* resource) {
  for (int i = 0; i < reply.field_count(); ++i) {
    if (reply.field(i)->is_repeated() && reply.field(i)->message_type() == resource) {
      return reply.field(i);
    }
  }
  return nullptr;
}

// Binds a read of the resource's rows, and leaves out of its replies what the caller may not see of
// their lists.
void BindRead(const Method& method, const std::shared_ptr<const SeenElements>& seen, ReadKind kind,
              MethodTable& methods, ReadHandler read, FurtherViews further_views = nullptr) {
  if (!seen->hides()) {
    return methods.Read(method, seen->views(), kind, std::move(read), std::move(further_views));
  }
  methods.Read(
      method, seen->views(), kind,
      [seen, read = std::move(read)](const ReadContext& context, const Message& asked,
                                     Message* response) {
        KITH_RETURN_IF_ERROR(read(context, asked, response));
        return seen->Hide(context, *response);
      },
      std::move(further_views));
}

void Bind(const ResourceTypes& types, const ResourceType& type, const MethodDescriptor& method,
          const StandardFacts& facts, const Runtime& runtime, MethodTable& methods) {
  const Descriptor& resource = *type.rules->resource->GetDescriptor();
  const Descriptor& request = *method.input_type();
  const Descriptor& reply = *method.output_type();
  const Method& compiled = MethodTaking(&request);
  const absl::string_view view = type.directory->name();
  const auto is = [&](absl::string_view verb) {
    return method.name() == absl::StrCat(verb, resource.name());
  };
  const auto command = [&](StandardMethod standard) {
    methods.Command(compiled, MakeStandardHandler(types, type, standard, request, facts, runtime));
  };
  if (is("Create")) return command(StandardMethod::kCreate);
  if (is("Update")) return command(StandardMethod::kUpdate);
  if (is("Delete")) return command(StandardMethod::kDelete);
  if (is("Undelete")) return command(StandardMethod::kUndelete);
  if (type.rules->merge.has_value() && BindMerge(types, type, method, facts.server, methods)) {
    return;
  }
  const Visibility visibility(type);
  const projections::MergedNames merged(*type.rules->resource);
  const auto seen = std::make_shared<const SeenElements>(types, type, runtime);
  if (is("Get")) {
    const FieldDescriptor* const name = FieldOf(request, "name");
    return BindRead(compiled, seen, ReadKind::kPoint, methods,
                    [&type, visibility, merged, name](const ReadContext& context,
                                                      const Message& asked, Message* response) {
                      return Get(type, visibility, merged, name, context, asked, response);
                    });
  }
  if (method.name() == absl::StrCat("List", resource.name(), "Revisions")) {
    const auto lister =
        std::make_shared<RevisionLister>(*type.rules, runtime.log, runtime.registry, method);
    return methods.Read(
        compiled, view, ReadKind::kScan,
        [&type, visibility, merged, lister](const ReadContext& context, const Message& asked,
                                            Message* response) {
          KITH_RETURN_IF_ERROR(CheckSeen(type, visibility, merged, context, lister->NameIn(asked)));
          return lister->Run(context, asked, response);
        });
  }
  const FieldDescriptor* const rows = RowsOf(reply, &resource);
  if (rows == nullptr) return;
  if (absl::StartsWith(method.name(), "BatchGet")) {
    const BatchFields fields{FieldOf(request, "names"), rows, FieldOf(reply, "missing"),
                             FieldOf(reply, "left_out")};
    return BindRead(compiled, seen, ReadKind::kScan, methods,
                    [&type, visibility, merged, fields](const ReadContext& context,
                                                        const Message& asked, Message* response) {
                      return BatchGet(type, visibility, merged, fields, context, asked, response);
                    });
  }
  if (absl::StartsWith(method.name(), "List")) {
    ListRead list = ListReadOf(types, type, method, rows, runtime);
    BindRead(compiled, seen, ReadKind::kScan, methods, std::move(list.read),
             std::move(list.further_views));
  }
}

}  // namespace

void BindStandardMethods(const ResourceTypes& types, const Runtime& runtime, MethodTable& methods) {
  const auto server = std::make_shared<ServerFacts>();
  server->collections = CollectionsOf(types);
  const StandardFacts facts{server, CustomFieldSets::Open(runtime)};
  for (const ResourceType& type : types) {
    for (const std::string& pattern : LinkPatterns(*type.rules->resource->GetDescriptor())) {
      TypeOf(types, eventstore::CategoryOf(pattern));
    }
    for (int i = 0; i < type.service->method_count(); ++i) {
      const MethodDescriptor& method = *type.service->method(i);
      if (!methods.IsBound(method)) Bind(types, type, method, facts, runtime, methods);
    }
    // Those stand on the single ones.
    for (int i = 0; i < type.service->method_count(); ++i) {
      const MethodDescriptor& method = *type.service->method(i);
      if (!methods.IsBound(method) && IsBatchOfChanges(method)) {
        methods.Batch(MethodTaking(method.input_type()));
      }
    }
  }
  server->permissions = methods.Permissions();
  server->command = [&methods](absl::string_view name) {
    const BoundMethod* const command = methods.FindCommand(name);
    return command == nullptr ? nullptr : command->method().descriptor;
  };
}

}  // namespace kith::runtime
