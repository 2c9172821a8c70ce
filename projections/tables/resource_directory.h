// ResourceDirectory: the view of a resource's rows as they are: every live one, in one table, by
// its resource name. A deleted one leaves no row, and is found as of before.
//
// A capability derives its own, which says how it is called and what can be filtered by:
//
//   class UserDirectory final : public projections::ResourceDirectory {
//    public:
//     static constexpr absl::string_view kName = "user_directory";
//     static const projections::Table<v1::User>& Users();
//     UserDirectory() : ResourceDirectory(kName, 2, "users", Users().core()) {}
//   };
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "projections/engine/projection.h"
#include "projections/tables/fold_resource.h"
#include "projections/tables/table.h"

namespace kith::projections {

class ResourceDirectory : public Projection {
 public:
  absl::string_view name() const final { return name_; }
  int version() const final { return version_; }
  std::vector<std::string> categories() const final { return {category_}; }
  bool has_indexes() const final { return !table_.declaration().indexes.empty(); }
  absl::Status Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const final {
    return FoldResourceRow(event, table_, batch);
  }

  const TableCore& table() const { return table_; }

 protected:
  // `name` and `version` as Projection has them. Borrows the table.
  ResourceDirectory(absl::string_view name, int version, std::string category,
                    const TableCore& table)
      : name_(name), version_(version), category_(std::move(category)), table_(table) {}

 private:
  const std::string name_;
  const int version_;
  const std::string category_;
  const TableCore& table_;
};

}  // namespace kith::projections
