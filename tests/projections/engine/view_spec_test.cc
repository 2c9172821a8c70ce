// The spec must fail for a view that breaks a promise, or it proves nothing about those that keep
// it.
#include "tests/testing/view_spec.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/projections/engine/deal_names.h"

namespace kith::testing {
namespace {

using projections::Created;
using projections::DealNames;
using projections::Deleted;
using projections::Renamed;

// Runs `check` and returns the failures it reported, in one text.
std::string FailuresOf(absl::FunctionRef<void()> check) {
  ::testing::TestPartResultArray results;
  {
    ::testing::ScopedFakeTestPartResultReporter reporter(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    check();
  }
  std::string failures;
  for (int i = 0; i < results.size(); ++i) {
    absl::StrAppend(&failures, results.GetTestPartResult(i).message(), "\n");
  }
  return failures;
}

// Depends on more than the event and its rows: on how often it was called.
class Impure final : public DealNames {
 public:
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override {
    static std::atomic<int> calls{0};
    batch.Put("r", absl::StrCat(++calls));
    return DealNames::Apply(event, batch);
  }
};

TEST(ViewSpec, PassesAViewThatKeepsItsPromises) {
  ViewSpec spec = ViewSpec::Of<DealNames>().Takes<deals::v1::DealEvent>("deals");
  spec.Given("deals/1", Created("Crane"));
  for (int i = 0; i < 12; ++i) spec.Given("deals/2", i % 4 == 3 ? Deleted() : Renamed("Digger"));
  const projections::ViewSnapshot names = spec.Then();
  EXPECT_EQ(names.position(), Position(13));
  EXPECT_EQ(*names.Get("rdeals/1", eventstore::ReadTier::kDisk), "Crane #0");
  EXPECT_EQ(*names.Get("rdeals/2", eventstore::ReadTier::kDisk), std::nullopt);
  EXPECT_EQ(*spec.As(Position(4)).Get("rdeals/2", eventstore::ReadTier::kDisk), "Digger #2");
}

TEST(ViewSpec, TakesTheMemberOfAnEventAlone) {
  ViewSpec spec = ViewSpec::Of<DealNames>().Takes<deals::v1::DealEvent>("deals");
  spec.Given("deals/1", Created("Crane").deal_created());
  EXPECT_EQ(*spec.Then().Get("rdeals/1", eventstore::ReadTier::kDisk), "Crane #0");
}

TEST(ViewSpec, FailsAnImpureView) {
  const std::string failures = FailuresOf([] {
    ViewSpec spec = ViewSpec::Of<Impure>().Takes<deals::v1::DealEvent>("deals");
    for (int i = 0; i < 8; ++i) spec.Given("deals/1", Renamed("Crane"));
    spec.Then();
  });
  EXPECT_NE(failures.find("a rebuilt view differs"), std::string::npos) << failures;
  EXPECT_NE(failures.find("folding again after a kill"), std::string::npos) << failures;
}

TEST(ViewSpec, FailsAViewWhoseApplyFails) {
  const std::string failures = FailuresOf([] {
    ViewSpec spec = ViewSpec::Of<DealNames>().Takes<deals::v1::DealEvent>("deals");
    spec.Given("deals/1", Created(DealNames::kPoison));
    spec.Then();
  });
  EXPECT_NE(failures.find("Apply failed at position 1"), std::string::npos) << failures;
}

}  // namespace
}  // namespace kith::testing
