#include "projections/tables/table_keys.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace kith::projections {

std::string TablePrefix(uint8_t table, uint8_t index, WorkspaceId workspace) {
  const uint32_t number = workspace.value();
  return {static_cast<char>(table),        static_cast<char>(index),
          static_cast<char>(number >> 24), static_cast<char>(number >> 16),
          static_cast<char>(number >> 8),  static_cast<char>(number)};
}

std::string RowKey(const TableDeclaration& table, WorkspaceId workspace, absl::string_view key) {
  return absl::StrCat(TablePrefix(table.number, kRowsNumber, workspace), key);
}

std::vector<std::string> EntrySuffixes(const IndexDeclaration& index, size_t first,
                                       absl::string_view key, RowValues& row) {
  std::vector<std::string> suffixes = {""};
  for (size_t i = first; i < index.fields.size(); ++i) {
    const std::vector<std::string>& values = row.Of(index.fields[i]);
    std::vector<std::string> longer;
    longer.reserve(suffixes.size() * values.size());
    for (const std::string& suffix : suffixes) {
      for (const std::string& value : values) longer.push_back(absl::StrCat(suffix, value));
    }
    suffixes = std::move(longer);
  }
  for (std::string& suffix : suffixes) suffix.append(key.data(), key.size());
  return suffixes;
}

std::vector<std::string> EntriesOf(const TableDeclaration& table, const IndexDeclaration& index,
                                   WorkspaceId workspace, absl::string_view key, RowValues& row) {
  const std::string prefix = TablePrefix(table.number, index.number, workspace);
  std::vector<std::string> entries = EntrySuffixes(index, 0, key, row);
  for (std::string& entry : entries) entry.insert(0, prefix);
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::optional<absl::string_view> PrimaryKeyOf(const TableDeclaration& table,
                                              const IndexDeclaration& index, size_t first,
                                              absl::string_view suffix) {
  for (size_t i = first; i < index.fields.size(); ++i) {
    if (!SkipKeyComponent(table.fields[index.fields[i]].type, &suffix)) return std::nullopt;
  }
  return suffix;
}

}  // namespace kith::projections
