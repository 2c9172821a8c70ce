// The keys under which a table's rows stand in its view's family, and its index entries. FORMAT.md,
// section data/views.
//
// {table number, 0, workspace, primary key} → row; an entry is {table number, index number,
// workspace, values, primary key}. Numbers are one byte, the workspace is 4 bytes, big-endian. Pure
// functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"
#include "google/protobuf/message.h"
#include "projections/tables/table_core.h"

namespace kith::projections {

inline constexpr uint8_t kRowsNumber = 0;

// What the keys of one index begin with; kRowsNumber for the rows.
std::string TablePrefix(uint8_t table, uint8_t index, WorkspaceId workspace);
std::string RowKey(const TableDeclaration& table, WorkspaceId workspace, absl::string_view key);

// The values of a row's fields as keys have them. Each is taken from the row once, however many
// indexes have it.
class RowValues {
 public:
  // Borrows both.
  RowValues(const TableDeclaration& table, const google::protobuf::Message& row)
      : table_(table), row_(row), values_(table.declared_fields) {}

  const TableDeclaration& table() const { return table_; }
  const google::protobuf::Message& row() const { return row_; }
  // Of the field of this index in the table's fields; sorted, each once. Until another is asked
  // for.
  const std::vector<std::string>& Of(size_t field) {
    if (field >= values_.size()) values_.resize(field + 1);
    auto& values = values_[field];
    if (!values.has_value()) values = table_.fields[field].ValuesOf(row_);
    return *values;
  }

 private:
  const TableDeclaration& table_;
  const google::protobuf::Message& row_;
  std::vector<std::optional<std::vector<std::string>>> values_;
};

// The components of a row's entries in an index from component `first` on, each followed by the
// primary key; sorted.
std::vector<std::string> EntrySuffixes(const IndexDeclaration& index, size_t first,
                                       absl::string_view key, RowValues& row);
// Every entry of a row in an index, as whole keys, sorted, each once.
std::vector<std::string> EntriesOf(const TableDeclaration& table, const IndexDeclaration& index,
                                   WorkspaceId workspace, absl::string_view key, RowValues& row);

// The primary key at the end of an entry, given the entry without its first `first` components and
// what precedes them; nullopt when it is malformed.
std::optional<absl::string_view> PrimaryKeyOf(const TableDeclaration& table,
                                              const IndexDeclaration& index, size_t first,
                                              absl::string_view suffix);

}  // namespace kith::projections
