// Custom columns: what a table can be filtered, ordered and summed by beside its declared fields,
// because a workspace added custom fields to the resource of its rows.
//
// A row has their values in maps, and each says by itself which index slot its custom field has: a
// table has ten indexes for them, of which an entry is there only where a row has a value. So a
// fold needs to know no custom field; a list is told those that were there at its moment, and who
// asks a single row is told its fields by the row itself. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"
#include "google/protobuf/message.h"
#include "kith/type/v1/custom_value.pb.h"
#include "projections/tables/table_core.h"

namespace kith::projections {

// The number of the index of slot 1 is one more. Persisted.
inline constexpr uint8_t kSlotIndexes = 230;

struct CustomColumn {
  const google::protobuf::FieldDescriptor* map;  // of the row
  std::string key;
  type::v1::CustomValue::ValueCase type;
  int slot = 0;  // 0: it has none
};

// The table with these beside its fields, as "custom.tier".
TableDeclaration WithColumns(const TableDeclaration& table,
                             const std::vector<CustomColumn>& columns);

// The entries of a row in the indexes of slots, as whole keys, sorted, each once.
std::vector<std::string> SlotEntriesOf(const TableDeclaration& table, WorkspaceId workspace,
                                       absl::string_view key, const google::protobuf::Message& row);

// Those that a filter names, each once, as the row has them; `row` is one of the table's. What a
// comparison says of a field without a value follows from no type, so of one that the row has not
// the type is one by which it can be asked.
std::vector<CustomColumn> ColumnsNamed(const TableDeclaration& table, const Expression& filter,
                                       const google::protobuf::Message& row);

// A filter, an order or a field may name one.
bool MayNameColumns(absl::string_view text);

}  // namespace kith::projections
