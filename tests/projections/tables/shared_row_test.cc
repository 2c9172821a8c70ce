#include <gtest/gtest.h>

#include <memory>

#include "eventstore/base/check.h"
#include "projections/tables/table.h"
#include "tests/projections/tables/table_fixture.h"

namespace kith::projections {
namespace {

using deals::v1::Deal;

TEST(SharedRow, StaysUntilItIsChanged) {
  TableFixture fixture;
  const auto shared = [](ViewBatch& batch) {
    const auto row = TestDeals().GetShared(batch, kWorkspace, "deals/1");
    KITH_CHECK(row.ok());
    return *row;
  };
  std::shared_ptr<const Deal> first, second;
  fixture.Fold([&](ViewBatch& batch) {
    EXPECT_EQ(shared(batch), nullptr);
    return TestDeals().Put(batch, kWorkspace, MakeDeal("deals/1", "users/a", "Crane"));
  });
  fixture.Fold([&](ViewBatch& batch) {
    first = shared(batch);
    EXPECT_EQ(first, shared(batch));
    const auto put = TestDeals().Put(batch, kWorkspace, MakeDeal("deals/1", "users/a", "Barge"));
    EXPECT_EQ(shared(batch)->display_name(), "Barge") << "what the event wrote itself";
    return put;
  });
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->display_name(), "Crane") << "what was shared stays";
  fixture.Fold([&](ViewBatch& batch) {
    second = shared(batch);
    EXPECT_EQ(second, shared(batch));
    return TestDeals().Delete(batch, kWorkspace, "deals/1");
  });
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->display_name(), "Barge");
  fixture.Fold([&](ViewBatch& batch) {
    EXPECT_EQ(shared(batch), nullptr);
    return absl::OkStatus();
  });
}

}  // namespace
}  // namespace kith::projections
