#include "services/runtime/commands/state_cache.h"

#include "gtest/gtest.h"
#include "tests/services/runtime/person.h"

namespace kith::runtime {
namespace {

constexpr WorkspaceId kOne{1};
constexpr WorkspaceId kTwo{2};
const AggregateType& kPerson = kAggregateType<PersonAggregate>;
const AggregateType& kCount = kAggregateType<CountAggregate>;

Folded StateAt(uint64_t revision) {
  return {std::make_shared<const int>(static_cast<int>(revision)), Revision(revision)};
}

uint64_t RevisionIn(StateCache& cache, const AggregateType& type, WorkspaceId workspace,
                    absl::string_view stream) {
  const auto found = cache.Find(type, workspace, stream);
  return found.has_value() ? found->folded.revision.value() : 0;
}

TEST(StateCache, KeepsStatesByAggregateWorkspaceAndStream) {
  StateCache cache(1000);
  cache.Put(kPerson, kOne, "a", StateAt(1));
  cache.Put(kCount, kOne, "a", StateAt(2));
  cache.Put(kPerson, kTwo, "a", StateAt(3));
  EXPECT_EQ(RevisionIn(cache, kPerson, kOne, "a"), 1u);
  EXPECT_EQ(RevisionIn(cache, kCount, kOne, "a"), 2u);
  EXPECT_EQ(RevisionIn(cache, kPerson, kTwo, "a"), 3u);
  EXPECT_EQ(RevisionIn(cache, kCount, kTwo, "a"), 0u);
  EXPECT_EQ(RevisionIn(cache, kPerson, kOne, "b"), 0u);
}

TEST(StateCache, KeepsTheLaterOfTwoStates) {
  StateCache cache(1000);
  cache.Put(kPerson, kOne, "a", StateAt(5));
  cache.Put(kPerson, kOne, "a", StateAt(4));
  EXPECT_EQ(RevisionIn(cache, kPerson, kOne, "a"), 5u);
  cache.Put(kPerson, kOne, "a", StateAt(6));
  EXPECT_EQ(RevisionIn(cache, kPerson, kOne, "a"), 6u);
}

TEST(StateCache, SaysWhatIsOutdatedUntilALaterStateComes) {
  StateCache cache(1000);
  cache.Put(kPerson, kOne, "a", StateAt(5));
  cache.Outdate(kOne, "a");
  EXPECT_TRUE(cache.Find(kPerson, kOne, "a")->outdated);
  cache.Put(kPerson, kOne, "a", StateAt(6));
  EXPECT_FALSE(cache.Find(kPerson, kOne, "a")->outdated);
}

TEST(StateCache, IsBoundedAndKeepsWhatIsUsed) {
  StateCache cache(160);
  cache.Put(kPerson, kOne, "used", StateAt(1));
  for (int i = 0; i < 10'000; ++i) {
    cache.Put(kPerson, kOne, absl::StrCat("s", i), StateAt(1));
    ASSERT_EQ(RevisionIn(cache, kPerson, kOne, "used"), 1u) << i;
  }
  int kept = 0;
  for (int i = 0; i < 10'000; ++i) {
    kept += RevisionIn(cache, kPerson, kOne, absl::StrCat("s", i)) == 1;
  }
  EXPECT_LE(kept, 176);
  EXPECT_GT(kept, 100);
}

}  // namespace
}  // namespace kith::runtime
