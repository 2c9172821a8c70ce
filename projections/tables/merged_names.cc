#include "projections/tables/merged_names.h"

#include <optional>
#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "projections/tables/resource_directory.h"

namespace kith::projections {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// As kRecordNamesMax has it for commands.
constexpr size_t kNamesMax = 100;

TableCore TableOf(const Message& row, uint8_t number) {
  TableDeclaration table;
  table.number = number;
  table.row = &row;
  const FieldDescriptor* const name = row.GetDescriptor()->FindFieldByName("name");
  KITH_CHECK(name != nullptr);
  table.key = [name](const Message& one) { return one.GetReflection()->GetString(one, name); };
  return TableCore(std::move(table));
}

}  // namespace

MergedNames::MergedNames(const Message& row)
    : row_(row),
      merged_into_(row.GetDescriptor()->FindFieldByName("merged_into")),
      merged_(row.GetDescriptor()->FindFieldByName("merged")) {
  if (merged_into_ == nullptr) return;
  KITH_CHECK(merged_ != nullptr);
  for (const uint8_t number : {kDirectoryTable, kMergedTable, kDeletedTable}) {
    tables_.push_back(TableOf(row, number));
  }
}

absl::StatusOr<std::string> MergedNames::SurvivorOf(const ViewSnapshot& directory,
                                                    WorkspaceId workspace, absl::string_view name,
                                                    eventstore::ReadTier tier) const {
  std::string survivor(name);
  KITH_RETURN_IF_ERROR(FindMeant(directory, workspace, survivor, tier).status());
  return survivor;
}

absl::StatusOr<std::vector<std::string>> MergedNames::AllOf(const ViewSnapshot& directory,
                                                            WorkspaceId workspace,
                                                            absl::string_view name,
                                                            eventstore::ReadTier tier) const {
  std::string survivor(name);
  KITH_ASSIGN_OR_RETURN(Row row, FindMeant(directory, workspace, survivor, tier));
  std::vector<std::string> names = {std::move(survivor)};
  for (size_t at = 0; at < names.size(); ++at) {
    if (at > 0) {
      KITH_ASSIGN_OR_RETURN(row, Find(directory, workspace, names[at], tier));
    }
    if (row == nullptr) continue;
    const auto& reflection = *row->GetReflection();
    for (int i = 0; i < reflection.FieldSize(*row, merged_) && names.size() < kNamesMax; ++i) {
      names.push_back(reflection.GetRepeatedString(*row, merged_, i));
    }
  }
  return names;
}

absl::StatusOr<MergedNames::Row> MergedNames::Find(const ViewSnapshot& directory,
                                                   WorkspaceId workspace, absl::string_view name,
                                                   eventstore::ReadTier tier) const {
  for (const TableCore& table : tables_) {
    KITH_ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                          table.Get(directory, workspace, name, tier));
    if (!bytes.has_value()) continue;
    Row row(row_.New());
    if (!row->ParseFromString(*bytes)) return MalformedRow();
    return row;
  }
  return Row();
}

absl::StatusOr<MergedNames::Row> MergedNames::FindMeant(const ViewSnapshot& directory,
                                                        WorkspaceId workspace,
                                                        std::string& survivor,
                                                        eventstore::ReadTier tier) const {
  KITH_ASSIGN_OR_RETURN(Row row, Find(directory, workspace, survivor, tier));
  // What was merged never leads back to itself.
  while (row != nullptr) {
    std::string next = row->GetReflection()->GetString(*row, merged_into_);
    if (next.empty()) break;
    survivor = std::move(next);
    KITH_ASSIGN_OR_RETURN(row, Find(directory, workspace, survivor, tier));
  }
  return row;
}

}  // namespace kith::projections
