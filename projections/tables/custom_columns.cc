#include "projections/tables/custom_columns.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "eventstore/base/check.h"
#include "eventstore/base/map_field.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/proto_time.h"
#include "kith/options/v1/options.pb.h"
#include "projections/tables/table_keys.h"

namespace kith::projections {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using type::v1::CustomValue;

const CustomValue& ValueOf(const Message& value) { return static_cast<const CustomValue&>(value); }

FieldType TypeOf(CustomValue::ValueCase type) {
  switch (type) {
    case CustomValue::kNumber:
      return FieldType::kDouble;
    case CustomValue::kMoney:
      return FieldType::kMoney;
    case CustomValue::kDate:
      return FieldType::kDate;
    case CustomValue::kTime:
      return FieldType::kTime;
    case CustomValue::kBoolean:
      return FieldType::kBool;
    default:
      return FieldType::kString;
  }
}

const Normalise& NormaliseOf(CustomValue::ValueCase type) {
  static const auto& none = *new Normalise();
  static const auto& name = *new Normalise(FoldedName);
  static const auto& email = *new Normalise(EmailForm);
  switch (type) {
    case CustomValue::kText:
    case CustomValue::kChoice:
    case CustomValue::kChoices:
      return name;
    case CustomValue::kEmail:
      return email;
    default:
      return none;
  }
}

void AddTo(const CustomValue& value, ValueSink& out) {
  switch (value.value_case()) {
    case CustomValue::kText:
      return out.Add(value.text());
    case CustomValue::kNumber:
      return out.Add(value.number());
    case CustomValue::kMoney:
      return out.Add(value.money());
    case CustomValue::kDate:
      return out.Add(value.date());
    case CustomValue::kTime:
      return out.Add(FromTimestamp(value.time()));
    case CustomValue::kBoolean:
      return out.Add(value.boolean());
    case CustomValue::kChoice:
      return out.Add(value.choice());
    case CustomValue::kChoices:
      for (const std::string& choice : value.choices().values()) out.Add(choice);
      return;
    case CustomValue::kUrl:
      return out.Add(value.url());
    case CustomValue::kEmail:
      return out.Add(value.email());
    case CustomValue::kRecord:
      return out.Add(value.record());
    case CustomValue::VALUE_NOT_SET:
      return;
  }
}

Field FieldOf(const CustomColumn& column) {
  Field field;
  field.name = absl::StrCat(column.map->name(), ".", column.key);
  field.type = TypeOf(column.type);
  field.many = true;
  field.single = column.type != CustomValue::kChoices;
  field.normalise = NormaliseOf(column.type);
  field.personal = column.map->options().GetExtension(options::v1::field).personal();
  field.money = column.type == CustomValue::kMoney;
  field.get = [map = column.map, key = column.key](const Message& row, ValueSink& out) {
    const Message* const value = FindMapValue(row, *map, key);
    if (value != nullptr) AddTo(ValueOf(*value), out);
  };
  if (field.money) {
    field.amount = [map = column.map,
                    key = column.key](const Message& row) -> const google::type::Money* {
      const Message* const value = FindMapValue(row, *map, key);
      return value == nullptr ? nullptr : &ValueOf(*value).money();
    };
  }
  return field;
}

// A comparison's field, where it is one.
void AddNamed(const TableDeclaration& table, const Comparison& comparison, const Message& row,
              std::vector<CustomColumn>& columns) {
  for (const FieldDescriptor* const map : table.custom_maps) {
    absl::string_view key = comparison.field;
    if (!absl::ConsumePrefix(&key, absl::StrCat(map->name(), ".")) || key.empty()) continue;
    auto known = std::find_if(columns.begin(), columns.end(), [&](const CustomColumn& column) {
      return column.map == map && column.key == key;
    });
    if (known == columns.end()) {
      known =
          columns.insert(columns.end(), CustomColumn{map, std::string(key), CustomValue::kText});
    }
    const Message* const value = FindMapValue(row, *map, key);
    if (value != nullptr) {
      known->type = ValueOf(*value).value_case();
    } else if (comparison.is_call) {
      known->type = CustomValue::kTime;  // of which now() can be asked, and any day
    }
  }
}

void AddNamed(const TableDeclaration& table, const Expression& filter, const Message& row,
              std::vector<CustomColumn>& columns) {
  if (filter.kind == Expression::Kind::kComparison) {
    AddNamed(table, filter.comparison, row, columns);
  }
  for (const Expression& part : filter.parts) AddNamed(table, part, row, columns);
}

}  // namespace

TableDeclaration WithColumns(const TableDeclaration& table,
                             const std::vector<CustomColumn>& columns) {
  TableDeclaration extended = table;
  for (const CustomColumn& column : columns) {
    extended.fields.push_back(FieldOf(column));
    if (column.slot == 0) continue;
    extended.indexes.push_back({static_cast<uint8_t>(kSlotIndexes + column.slot),
                                {extended.fields.back().name},
                                {extended.fields.size() - 1},
                                false});
  }
  return extended;
}

std::vector<std::string> SlotEntriesOf(const TableDeclaration& table, WorkspaceId workspace,
                                       absl::string_view key, const Message& row) {
  std::vector<std::string> entries;
  for (const FieldDescriptor* const map : table.custom_maps) {
    if (row.GetReflection()->FieldSize(row, map) == 0) continue;
    for (const auto& [name, entry] : EntriesIn(row, *map)) {
      const CustomValue& value = ValueOf(*entry);
      if (value.slot() == 0) continue;
      std::vector<std::string> values;
      ValueSink sink(NormaliseOf(value.value_case()), &values);
      AddTo(value, sink);
      const auto index = static_cast<uint8_t>(kSlotIndexes + value.slot());
      for (const std::string& each : values) {
        entries.push_back(absl::StrCat(TablePrefix(table.number, index, workspace), each, key));
      }
    }
  }
  std::sort(entries.begin(), entries.end());
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  return entries;
}

std::vector<CustomColumn> ColumnsNamed(const TableDeclaration& table, const Expression& filter,
                                       const Message& row) {
  std::vector<CustomColumn> columns;
  if (!table.custom_maps.empty()) AddNamed(table, filter, row, columns);
  return columns;
}

bool MayNameColumns(absl::string_view text) { return absl::StrContains(text, "custom."); }

}  // namespace kith::projections
