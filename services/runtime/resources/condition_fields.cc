#include "services/runtime/resources/condition_fields.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/options/v1/options.pb.h"
#include "projections/tables/custom_columns.h"
#include "projections/tables/query.h"
#include "projections/tables/row_filter.h"
#include "services/core/custom_fields.h"
#include "services/runtime/resources/custom_columns.h"
#include "services/runtime/resources/find_type.h"

namespace kith::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using projections::CustomColumn;
using projections::Expression;

bool IsFilter(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::field).format() == options::v1::FORMAT_FILTER;
}

// It is the name of a field.
bool IsName(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::field).format() == options::v1::FORMAT_FIELD;
}

// Others, as a Struct, have no filters.
bool IsOwn(const Descriptor* type) {
  return type != nullptr && absl::StartsWith(type->full_name(), "kith.");
}

bool HasFilters(const Descriptor& type, std::set<const Descriptor*>& seen) {
  if (!seen.insert(&type).second) return false;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (IsFilter(field)) return true;
    if (IsOwn(field.message_type()) && HasFilters(*field.message_type(), seen)) return true;
  }
  return false;
}

bool HasFilters(const Descriptor& type) {
  std::set<const Descriptor*> seen;
  return HasFilters(type, seen);
}

void AddFilter(const std::string& text, std::vector<Expression>& filters) {
  if (!projections::MayNameColumns(text)) return;
  auto parsed = projections::ParseFilter(text);
  if (parsed.ok()) filters.push_back(*std::move(parsed));
}

// As deep as the request is, which its parser bounds.
void AddFilters(const Message& message, std::vector<Expression>& filters) {
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(message, &set);
  for (const FieldDescriptor* const field : set) {
    const bool is_own = IsOwn(field->message_type());
    if (IsName(*field) && !field->is_repeated()) {
      AddFilter(absl::StrCat(reflection.GetString(message, field), ":*"), filters);
    }
    if (!is_own && !IsFilter(*field)) continue;
    const int size = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      if (is_own) {
        AddFilters(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                        : reflection.GetMessage(message, field),
                   filters);
      } else {
        AddFilter(field->is_repeated() ? reflection.GetRepeatedString(message, field, i)
                                       : reflection.GetString(message, field),
                  filters);
      }
    }
  }
}

absl::Status CheckValues(const CustomFieldSet& fields, const Message& record) {
  const std::unique_ptr<Message> empty(record.New());
  const std::unique_ptr<Message> taken(record.New());
  taken->CopyFrom(record);
  return TakeCustomValues(fields, *empty, /*is_new=*/false, "record", *taken);
}

}  // namespace

ConditionFields::ConditionFields(const std::vector<ResourceType>& types, const Descriptor& saved)
    : types_(types), has_filters_(HasFilters(saved)) {}

absl::StatusOr<const ServerFacts*> ConditionFields::FactsFor(Loader& load, const Message& sent,
                                                             const ServerFacts& server,
                                                             CustomFieldSets& sets) const {
  std::vector<Expression> filters;
  if (has_filters_) AddFilters(sent, filters);
  if (filters.empty()) return static_cast<const ServerFacts*>(nullptr);
  auto facts = std::make_shared<ServerFacts>(server);
  for (Collection& collection : facts->collections) {
    const ResourceType& type = TypeOf(types_, collection.name);
    const projections::TableDeclaration& table = type.directory->table().declaration();
    if (table.custom_maps.empty()) continue;
    std::vector<std::string> keys;
    for (const Expression& filter : filters) {
      for (const CustomColumn& column : projections::ColumnsNamed(table, filter, *table.row)) {
        keys.push_back(column.key);
      }
    }
    KITH_ASSIGN_OR_RETURN(const CustomFieldSet* const fields,
                          sets.LoadKeys(load, *type.rules, keys));
    std::vector<CustomColumn> columns;
    for (const auto& field : fields->fields()) {
      std::optional<CustomColumn> column = ColumnOf(field, table.custom_maps);
      if (column.has_value()) columns.push_back(*std::move(column));
    }
    collection.holds = [&table, fields, columns = std::move(columns)](
                           absl::string_view filter, const Message& record, absl::Time now,
                           absl::TimeZone zone) -> absl::StatusOr<bool> {
      KITH_RETURN_IF_ERROR(CheckValues(*fields, record));
      KITH_ASSIGN_OR_RETURN(const auto bound,
                            projections::RowFilter::Bind(table, filter, {now, zone}, columns));
      return bound.Holds(record);
    };
  }
  return static_cast<const ServerFacts*>(load.Keep(std::move(facts)));
}

}  // namespace kith::runtime
