// TableFixture: the families of a view in a real store in a folder of its own, for tests of tables
// without a log.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "eventstore/base/check.h"
#include "kith/deals/v1/deal.pb.h"
#include "projections/engine/view_batch.h"
#include "projections/engine/view_snapshot.h"
#include "projections/store/versioned_store.h"
#include "projections/tables/table.h"
#include "tests/testing/temp_folder.h"

namespace kith::projections {

// Where tests put their deals when it does not matter.
inline constexpr WorkspaceId kWorkspace{3};

// Deals with an index of every kind: one field, several, one of many values, the words of their
// names, and current ones over last_activity_time.
const Table<deals::v1::Deal>& TestDeals();

deals::v1::Deal MakeDeal(absl::string_view name, absl::string_view owner,
                         absl::string_view display_name);

class TableFixture {
 public:
  TableFixture();

  // Folds one event, which stands at the next position, and writes it.
  void Fold(absl::FunctionRef<absl::Status(ViewBatch&)> apply);
  void Put(const deals::v1::Deal& deal, WorkspaceId workspace = kWorkspace) {
    Fold([&](ViewBatch& batch) { return TestDeals().Put(batch, workspace, deal); });
  }
  void Delete(absl::string_view name, WorkspaceId workspace = kWorkspace) {
    Fold([&](ViewBatch& batch) { return TestDeals().Delete(batch, workspace, name); });
  }
  void Flush() {
    KITH_CHECK(families_.rows->Flush(true).ok() && families_.index->Flush(true).ok());
  }

  Position position() const { return position_; }
  const ViewFamilies& families() const { return families_; }
  ViewSnapshot At(Position position) const {
    return ViewSnapshot(families_.rows, families_.index, position);
  }
  ViewSnapshot Latest() const { return At(position_); }

 private:
  testing::TempFolder folder_;
  std::unique_ptr<VersionedStore> store_;
  ViewFamilies families_;
  std::unique_ptr<ViewBatch> batch_;
  Position position_;
};

// The names of the rows on one page, or on every page.
std::vector<std::string> NamesOf(const std::vector<deals::v1::Deal>& deals);
absl::StatusOr<std::vector<std::string>> ListAll(const ViewSnapshot& snapshot, ListQuery query,
                                                 WorkspaceId workspace = kWorkspace);

}  // namespace kith::projections
