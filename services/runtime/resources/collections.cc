#include "services/runtime/resources/collections.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "eventstore/base/status_macros.h"
#include "projections/tables/custom_columns.h"
#include "projections/tables/plan.h"
#include "projections/tables/row_filter.h"
#include "services/runtime/resources/link_steps.h"

namespace kith::runtime {
namespace {

// What is relative to the moment of a list may be asked of any.
const projections::Moment kAnyMoment = {.now = absl::FromUnixSeconds(1'800'000'000)};

// What records are called may change: whoever reads the list is told. Some name that fits the link.
const projections::NameOfAlias kAnyName = [](const projections::Field& link,
                                             const projections::Comparison&) {
  return link.links.front();
};

// `parsed`: as in PlanQuery.
absl::Status CheckQuery(const projections::TableDeclaration& table, absl::string_view filter,
                        absl::string_view order_by, const projections::Expression* parsed) {
  return projections::MakePlan(table, {.filter = filter,
                                       .order_by = order_by,
                                       .moment = kAnyMoment,
                                       .name_of = &kAnyName,
                                       .parsed = parsed})
      .status();
}

// Whether a method of its service lists it by a filter.
bool IsListed(const ResourceType& type) {
  for (int i = 0; i < type.service->method_count(); ++i) {
    const google::protobuf::MethodDescriptor& method = *type.service->method(i);
    if (!absl::StartsWith(method.name(), "List") ||
        method.input_type()->FindFieldByName("filter") == nullptr) {
      continue;
    }
    for (int j = 0; j < method.output_type()->field_count(); ++j) {
      const auto* const rows = method.output_type()->field(j);
      if (rows->message_type() == type.rules->resource->GetDescriptor()) return true;
    }
  }
  return false;
}

}  // namespace

Collections CollectionsOf(const std::vector<ResourceType>& types) {
  Collections collections;
  for (const ResourceType& type : types) {
    if (!IsListed(type)) continue;
    const projections::TableDeclaration& table = type.directory->table().declaration();
    collections.push_back(
        {std::string(type.rules->category), type.rules->resource->GetDescriptor(),
         [&types, &table](absl::string_view filter, absl::string_view order_by) -> absl::Status {
           // Which custom fields there are is the list's to say.
           if (projections::MayNameColumns(filter) || projections::MayNameColumns(order_by)) {
             return absl::OkStatus();
           }
           KITH_ASSIGN_OR_RETURN(const std::optional<projections::Expression> stepped,
                                 CheckSteps(types, table.fields, filter,
                                            [](const projections::TableDeclaration& linked,
                                               const projections::Expression& of_linked) {
                                              return CheckQuery(linked, "", "", &of_linked);
                                            }));
           return CheckQuery(table, filter, order_by, stepped.has_value() ? &*stepped : nullptr);
         },
         [&table](absl::string_view filter, const google::protobuf::Message& record, absl::Time now,
                  absl::TimeZone zone) -> absl::StatusOr<bool> {
           KITH_ASSIGN_OR_RETURN(const auto bound,
                                 projections::RowFilter::Bind(table, filter, {now, zone}, record));
           return bound.Holds(record);
         }});
  }
  std::sort(collections.begin(), collections.end(),
            [](const Collection& a, const Collection& b) { return a.name < b.name; });
  return collections;
}

}  // namespace kith::runtime
