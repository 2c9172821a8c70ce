#include "eventstore/log/overlay.h"

#include <gtest/gtest.h>

namespace kith::eventstore {
namespace {

TEST(Overlay, KnowsWhatWasDecided) {
  Overlay overlay(4);
  overlay.Reset(Position(10));
  EXPECT_EQ(overlay.floor(), Position(10));
  EXPECT_EQ(overlay.FindStream("a"), nullptr);
  EXPECT_EQ(overlay.FindRequest("r"), nullptr);
  EXPECT_EQ(overlay.LastTagged(WorkspaceId(1), Tag{1}), Position());
  overlay.SetStream("a", {Revision(3), Position(11)});
  overlay.SetRequest("r", {Tag{7}, {Position(11), 1}});
  overlay.SetTagged(WorkspaceId(1), Tag{1}, Position(11));
  EXPECT_EQ(overlay.FindStream("a")->revision, Revision(3));
  EXPECT_EQ(overlay.FindRequest("r")->digest, Tag{7});
  EXPECT_EQ(overlay.LastTagged(WorkspaceId(1), Tag{1}), Position(11));
  EXPECT_EQ(overlay.LastTagged(WorkspaceId(2), Tag{1}), Position());
}

// Whatever was decided after the floor must be there: that is what makes a prepared append's word
// good.
TEST(Overlay, RemembersEverythingAfterItsFloor) {
  constexpr uint64_t kBatches = 100;
  Overlay overlay(3);
  overlay.Reset(Position());
  for (uint64_t position = 1; position <= kBatches; ++position) {
    overlay.SetStream(std::to_string(position), {Revision(1), Position(position)});
    overlay.EndBatch(Position(position));
    EXPECT_LE(overlay.floor().value() + 3, position + 3);
    for (uint64_t after = overlay.floor().value() + 1; after <= position; ++after) {
      ASSERT_NE(overlay.FindStream(std::to_string(after)), nullptr) << after << " at " << position;
    }
  }
  EXPECT_GE(overlay.floor(), Position(kBatches - 6));
  EXPECT_LE(overlay.floor(), Position(kBatches - 3));
}

TEST(Overlay, PrefersTheNewerWord) {
  Overlay overlay(1);
  overlay.Reset(Position());
  overlay.SetStream("a", {Revision(1), Position(1)});
  overlay.EndBatch(Position(1));
  overlay.SetStream("a", {Revision(2), Position(2)});
  EXPECT_EQ(overlay.FindStream("a")->revision, Revision(2));
}

TEST(Overlay, ForgetsOnReset) {
  Overlay overlay(2);
  overlay.Reset(Position());
  overlay.SetStream("a", {Revision(1), Position(1)});
  overlay.Reset(Position(5));
  EXPECT_EQ(overlay.FindStream("a"), nullptr);
  EXPECT_EQ(overlay.floor(), Position(5));
}

}  // namespace
}  // namespace kith::eventstore
