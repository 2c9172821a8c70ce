#include "projections/store/index_changes.h"

#include <gtest/gtest.h>

namespace kith::projections {
namespace {

constexpr IndexKind kKind = IndexKind::kVersioned;

const IndexChanges::Turns& TurnsOf(const IndexChanges& changes, const char* entry) {
  const auto found = changes.entries().find(LiveKey(kKind, entry));
  EXPECT_NE(found, changes.entries().end()) << entry;
  return found->second;
}

TEST(IndexChanges, KeepsTheMomentOfEachTurn) {
  IndexChanges changes;
  changes.Add(kKind, "new", Position(1));
  changes.Remove(kKind, "old", Position(2));
  changes.Remove(kKind, "new", Position(3));
  changes.Add(kKind, "old", Position(4));
  const IndexChanges::Turns& was_new = TurnsOf(changes, "new");
  EXPECT_FALSE(was_new.was_there);
  EXPECT_FALSE(was_new.is_there());
  EXPECT_EQ(was_new.moments, (absl::InlinedVector<Position, 2>{Position(1), Position(3)}));
  const IndexChanges::Turns& old = TurnsOf(changes, "old");
  EXPECT_TRUE(old.was_there);
  EXPECT_TRUE(old.is_there());
  EXPECT_EQ(old.moments, (absl::InlinedVector<Position, 2>{Position(2), Position(4)}));
}

TEST(IndexChanges, ForgetsWhatCameAndWentWithinOneEvent) {
  IndexChanges changes;
  changes.Add(kKind, "a", Position(1));
  changes.Remove(kKind, "a", Position(1));
  EXPECT_TRUE(changes.empty());
  EXPECT_EQ(changes.bytes(), 0u);
  changes.Add(kKind, "a", Position(2));
  changes.Remove(kKind, "a", Position(3));
  changes.Add(kKind, "a", Position(3));
  EXPECT_TRUE(TurnsOf(changes, "a").is_there());
  EXPECT_EQ(TurnsOf(changes, "a").moments.size(), 1u);
}

TEST(IndexChanges, TellsKindsApart) {
  IndexChanges changes;
  changes.Add(IndexKind::kVersioned, "a", Position(1));
  changes.Add(IndexKind::kCurrent, "a", Position(1));
  EXPECT_EQ(changes.entries().size(), 2u);
}

TEST(IndexChangesDeathTest, AbortsOnWhatIsThereAlready) {
  IndexChanges changes;
  changes.Add(kKind, "a", Position(1));
  EXPECT_DEATH(changes.Add(kKind, "a", Position(2)), "");
}

}  // namespace
}  // namespace kith::projections
