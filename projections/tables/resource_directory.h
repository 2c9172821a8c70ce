// ResourceDirectory: the view of a resource's rows as they are: every live one in one table, where
// the resource has a `delete_time` every deleted one in another, and where it can be merged every
// one that is merged into another in a third, all by resource name (merged_names.h).
// Views that need the rows are based on it, and are told what becomes of the live ones.
//
// A capability derives its own, which says how it is called and what can be filtered by:
//
//   class UserDirectory final : public projections::ResourceDirectory {
//    public:
//     static constexpr absl::string_view kName = "user_directory";
//     static const projections::Table<v1::User>& Users();
//     UserDirectory() : ResourceDirectory(kName, 2, "users", Users().core()) {}
//   };
//
// Another capability's view that is read together with a directory gets its rows from
// `DirectoryRows`, which knows their type and nothing of the directory:
//
//   methods.Read({SalesForecast::kName, "pipeline_list"}, ReadKind::kScan, Query);
//   DirectoryRows<deals::v1::Pipeline>().Scan(context.view(1), …);
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "projections/engine/projection.h"
#include "projections/tables/fold_resource.h"
#include "projections/tables/merged_names.h"
#include "projections/tables/table.h"

namespace kith::projections {

// The numbers of the tables in every directory: of the live rows, of those that were deleted, of
// those that are merged (and kNamesTable, of names). Persisted.
inline constexpr uint8_t kDirectoryTable = 1;
inline constexpr uint8_t kDeletedTable = 250;
inline constexpr uint8_t kMergedTable = 249;

class ResourceDirectory : public Projection {
 public:
  absl::string_view name() const final { return name_; }
  int version() const final { return version_; }
  std::vector<std::string> categories() const override { return {category_}; }
  bool has_indexes() const final { return !table_.declaration().indexes.empty(); }
  uint8_t told_table() const final { return table_.declaration().number; }
  // Of events of its streams. A directory that takes others' overrides it, for those.
  absl::Status Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const override {
    const bool is_mergeable = merged_.has_value();
    return FoldResourceRow(
        event, fold_,
        {table_, deleted(), is_mergeable ? &*merged_ : nullptr, is_mergeable ? &names_ : nullptr},
        batch);
  }

  const TableCore& table() const { return table_; }
  // Listed by `delete_time`. Null where deleted ones are not kept.
  const TableCore* deleted() const { return deleted_.has_value() ? &*deleted_ : nullptr; }

 protected:
  // `name` and `version` as Projection has them. Borrows the table, which has an index and is
  // number kDirectoryTable.
  ResourceDirectory(absl::string_view name, int version, std::string category,
                    const TableCore& table, ResourceFold fold = FoldStandardEvent);

 private:
  const std::string name_;
  const int version_;
  const std::string category_;
  const TableCore& table_;
  const ResourceFold fold_;
  std::optional<TableCore> deleted_;
  std::optional<TableCore> merged_;
  const MergedNames names_;
};

// The live rows of any directory of such resources, to be read by name, or all of them.
template <class Row>
const Table<Row>& DirectoryRows() {
  static const auto& table =
      *new Table<Row>(TableBuilder<Row>(kDirectoryTable)
                          .Key([](const Row& row) -> const std::string& { return row.name(); })
                          .Build());
  return table;
}

}  // namespace kith::projections
