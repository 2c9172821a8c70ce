#include "services/runtime/resources/linking_records.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "services/core/field_of.h"
#include "services/runtime/resources/not_known_yet.h"

namespace kith::runtime {
namespace {

using google::protobuf::Message;
using projections::TableDeclaration;

bool IsFoundBy(const TableDeclaration& table, const std::string& field) {
  return std::any_of(table.indexes.begin(), table.indexes.end(), [&](const auto& index) {
    return !index.current && index.names.front() == field;
  });
}

std::string NameIn(const Message& resource) {
  return resource.GetReflection()->GetString(resource, FieldOf(*resource.GetDescriptor(), "name"));
}

}  // namespace

LinkingRecords::LinkingRecords(const std::vector<ResourceType>& types, const ResourceType& linked,
                               const Runtime& runtime)
    : opened_(runtime.log.head()) {
  const std::string& pattern = linked.rules->pattern();
  for (const ResourceType& type : types) {
    for (const HeldLink& link : type.rules->held_links) {
      if (!link.MayName(pattern)) continue;
      KITH_CHECK(IsFoundBy(type.directory->table().declaration(), link.field->name()));
      sources_.push_back({&type, &link, &runtime.views.Find(type.directory->name())});
    }
  }
}

absl::StatusOr<std::vector<Change>> LinkingRecords::Unlink(Loader& load,
                                                           const std::vector<std::string>& names,
                                                           const CommandContext& context) const {
  std::vector<LinkingResource> refusing;
  std::vector<LinkingResource> emptied;
  for (const Source& source : sources_) {
    const bool refuses = source.link->on_delete == options::v1::ON_DELETE_REFUSE;
    for (const std::string& record : names) {
      KITH_RETURN_IF_ERROR(Find(source, load, record, refuses ? refusing : emptied));
    }
  }
  if (!refusing.empty()) return StillLinked(names.front(), refusing);
  if (emptied.size() > kEmptiedMax) return LinkedByMany(names.front(), emptied);
  // A resource may name it in several fields, and is changed once.
  std::map<std::string, std::vector<const LinkingResource*>> by_name;
  for (const LinkingResource& one : emptied) by_name[NameIn(*one.resource)].push_back(&one);
  std::vector<Change> changes;
  for (const auto& [name, links] : by_name) {
    std::vector<NamedRecord> gone;
    for (const LinkingResource* const one : links) gone.push_back({one->link, one->record});
    changes.push_back(EmptyLinks(*links[0]->rules, *links[0]->resource, gone, context));
  }
  return changes;
}

absl::Status LinkingRecords::Find(const Source& source, Loader& load, absl::string_view record,
                                  std::vector<LinkingResource>& found) const {
  const Position known = source.directory->position();
  if (known < opened_) return NotKnownYet("Who links the record");
  KITH_ASSIGN_OR_RETURN(const std::vector<std::string> since,
                        load.StreamsTagged(source.link->purpose, record, known));
  for (const std::string& name : since) {
    KITH_RETURN_IF_ERROR(Add(source, load, name, record, found));
  }
  const projections::ViewSnapshot snapshot = source.directory->At(known);
  const std::string filter = absl::StrCat(source.link->field->name(), " = \"", record, "\"");
  std::string page_token;
  do {
    std::vector<std::string> names;
    const std::unique_ptr<Message> row(source.type->rules->resource->New());
    KITH_ASSIGN_OR_RETURN(
        page_token,
        source.type->directory->table().List(
            snapshot, load.workspace(),
            {.filter = filter, .page_token = page_token, .page_size = int{kEmptiedMax} + 1},
            [&](absl::string_view bytes) {
              if (!row->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
              names.push_back(NameIn(*row));
              return true;
            }));
    for (const std::string& name : names) {
      KITH_RETURN_IF_ERROR(Add(source, load, name, record, found));
    }
  } while (!page_token.empty() && found.size() <= kEmptiedMax);
  return absl::OkStatus();
}

absl::Status LinkingRecords::Add(const Source& source, Loader& load, absl::string_view name,
                                 absl::string_view record,
                                 std::vector<LinkingResource>& found) const {
  const bool is_known = std::any_of(found.begin(), found.end(), [&](const LinkingResource& one) {
    return one.link == source.link && one.record == record && NameIn(*one.resource) == name;
  });
  // The record itself goes, whatever it names.
  if (is_known || name == record || found.size() > kEmptiedMax) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadItself(*source.type->aggregate, name));
  const ResourceNow now = source.type->now_of(state);
  if (now.lifecycle != Lifecycle::kActive) return absl::OkStatus();
  const std::vector<absl::string_view> records = source.link->RecordsIn(*now.resource);
  const bool names_it = std::find(records.begin(), records.end(), record) != records.end();
  if (!names_it) return absl::OkStatus();
  const bool is_hidden = load.Hides(source.type->rules->category, state);
  found.push_back({source.type->rules, source.link, now.resource, is_hidden, std::string(record)});
  return absl::OkStatus();
}

}  // namespace kith::runtime
