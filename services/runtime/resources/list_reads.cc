#include "services/runtime/resources/list_reads.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "eventstore/base/check.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/list.pb.h"
#include "services/core/field_of.h"
#include "services/runtime/resources/custom_columns.h"
#include "services/runtime/resources/link_aliases.h"
#include "services/runtime/resources/link_steps.h"
#include "services/runtime/resources/table_reads.h"
#include "services/runtime/resources/visibility.h"

namespace kith::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

using ResourceTypes = std::vector<ResourceType>;

// The order that a list has where nobody asks for one; empty: that of the names, or of the index
// that serves its filter. Of jobs people look for the latest.
absl::string_view DefaultOrderOf(const ResourceType& type) {
  return absl::EndsWith(type.rules->category, "Jobs") ? "create_time desc" : "";
}

// Immutable; any thread.
class ResourceList {
 public:
  ResourceList(const ResourceTypes& types, const ResourceType& type, const MethodDescriptor& method,
               const FieldDescriptor* rows, const Runtime& runtime)
      : type_(type),
        visibility_(type),
        aliases_(types, type, runtime),
        steps_(types, type, runtime),
        custom_(type, *method.input_type(), runtime),
        filter_(FieldOf(*method.input_type(), "filter")),
        order_by_(FieldOf(*method.input_type(), "order_by")),
        page_size_(FieldOf(*method.input_type(), "page_size")),
        summarise_(FieldOf(*method.input_type(), "summary")),
        rows_(rows),
        next_page_token_(FieldOf(*method.output_type(), "next_page_token")),
        summary_(FieldOf(*method.output_type(), "summary")) {}

  ReadViews ViewsFor(const Message& request) const {
    const std::string filter = request.GetReflection()->GetString(request, filter_);
    ReadViews views = aliases_.ViewsFor(filter);
    steps_.AddViewsFor(filter, views);
    custom_.AddViewsFor(request, views);
    return views;
  }

  absl::Status Run(const ReadContext& context, const Message& request, Message* response) const {
    const auto& ask = *request.GetReflection();
    const std::string filter = ask.GetString(request, filter_);
    KITH_ASSIGN_OR_RETURN(const LinkSteps::Taken stepped, steps_.Take(context, filter));
    const projections::NameOfAlias name_of = aliases_.NamesIn(context, filter);
    const projections::NamesOfRecord names_of =
        LinkSteps::AllNames(stepped, aliases_.MergedIn(context));
    KITH_ASSIGN_OR_RETURN(const std::optional<Visibility::Seen> seen, visibility_.SeenBy(context));
    std::string unused;
    projections::ListQuery query{.filter = filter,
                                 .parsed = stepped.filter.has_value() ? &*stepped.filter : nullptr,
                                 .order_by = ask.GetStringReference(request, order_by_, &unused),
                                 .page_size = ask.GetInt32(request, page_size_),
                                 .may_be_short = true,
                                 .within = seen.has_value() ? &seen->within : nullptr,
                                 .name_of = &name_of,
                                 .names_of = &names_of};
    if (query.order_by.empty()) query.order_by = DefaultOrderOf(type_);
    if (seen.has_value()) query.besides = {seen->shared, seen->groups};
    const auto& answer = *response->GetReflection();
    if (ask.HasField(request, summarise_)) {
      query.summarise = google::protobuf::DynamicCastToGenerated<type::v1::SummaryOptions>(
          &ask.GetMessage(request, summarise_));
      query.summary = google::protobuf::DynamicCastToGenerated<type::v1::ListSummary>(
          answer.MutableMessage(response, summary_));
    }
    KITH_ASSIGN_OR_RETURN(const std::vector<projections::CustomColumn> columns,
                          custom_.In(context, request));
    query.custom = &columns;
    KITH_ASSIGN_OR_RETURN(std::string next, ListRows(context, type_.directory->table(), query, [&] {
                            return answer.AddMessage(response, rows_);
                          }));
    answer.SetString(response, next_page_token_, std::move(next));
    return absl::OkStatus();
  }

 private:
  const ResourceType& type_;
  const Visibility visibility_;
  const LinkAliases aliases_;
  const LinkSteps steps_;
  const CustomColumns custom_;
  // Of the request, in the shape of AIP-132.
  const FieldDescriptor* const filter_;
  const FieldDescriptor* const order_by_;
  const FieldDescriptor* const page_size_;
  const FieldDescriptor* const summarise_;
  // Of the reply.
  const FieldDescriptor* const rows_;
  const FieldDescriptor* const next_page_token_;
  const FieldDescriptor* const summary_;
};

// How long a deleted resource is listed, and its history for ever.
constexpr absl::Duration kDeletedKept = absl::Hours(24 * 30);

// Immutable; any thread.
class DeletedList {
 public:
  DeletedList(const ResourceType& type, const MethodDescriptor& method, const FieldDescriptor* rows)
      : type_(type),
        visibility_(type),
        page_size_(FieldOf(*method.input_type(), "page_size")),
        rows_(rows),
        next_page_token_(FieldOf(*method.output_type(), "next_page_token")),
        delete_time_(FieldOf(*type.rules->resource->GetDescriptor(), "delete_time")) {
    KITH_CHECK(type.directory->deleted() != nullptr);
  }

  absl::Status Run(const ReadContext& context, const Message& request, Message* response) const {
    const std::optional<projections::Expression> within = visibility_.Within(context.caller);
    const projections::ListQuery query{
        .order_by = "delete_time desc",
        .page_size = request.GetReflection()->GetInt32(request, page_size_),
        .may_be_short = true,
        .within = within.has_value() ? &*within : nullptr};
    const auto& answer = *response->GetReflection();
    KITH_ASSIGN_OR_RETURN(std::string next,
                          ListRows(context, *type_.directory->deleted(), query,
                                   [&] { return answer.AddMessage(response, rows_); }));
    // The oldest stand last: where one is too old, no further page follows.
    const absl::Time since = context.read_time - kDeletedKept;
    for (int last = answer.FieldSize(*response, rows_) - 1; last >= 0; --last) {
      const Message& row = answer.GetRepeatedMessage(*response, rows_, last);
      const auto& time = static_cast<const google::protobuf::Timestamp&>(
          row.GetReflection()->GetMessage(row, delete_time_));
      if (FromTimestamp(time) >= since) break;
      answer.RemoveLast(response, rows_);
      next.clear();
    }
    answer.SetString(response, next_page_token_, std::move(next));
    return absl::OkStatus();
  }

 private:
  const ResourceType& type_;
  const Visibility visibility_;
  const FieldDescriptor* const page_size_;
  const FieldDescriptor* const rows_;
  const FieldDescriptor* const next_page_token_;
  const FieldDescriptor* const delete_time_;
};

}  // namespace

ListRead ListReadOf(const ResourceTypes& types, const ResourceType& type,
                    const MethodDescriptor& method, const FieldDescriptor* rows,
                    const Runtime& runtime) {
  if (absl::StartsWith(method.name(), "ListDeleted")) {
    const auto list = std::make_shared<const DeletedList>(type, method, rows);
    return {[list](const ReadContext& context, const Message& asked, Message* response) {
              return list->Run(context, asked, response);
            },
            nullptr};
  }
  const auto list = std::make_shared<const ResourceList>(types, type, method, rows, runtime);
  return {[list](const ReadContext& context, const Message& asked, Message* response) {
            return list->Run(context, asked, response);
          },
          [list](const Message& asked) { return list->ViewsFor(asked); }};
}

}  // namespace kith::runtime
