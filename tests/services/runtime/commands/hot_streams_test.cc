#include "services/runtime/commands/hot_streams.h"

#include "gtest/gtest.h"

namespace kith::runtime {
namespace {

using Place = HotStreams::Place;

class HotStreamsTest : public ::testing::Test {
 protected:
  // Told apart by where they stand; nobody looks into them.
  Transaction& Nth(size_t n) { return *reinterpret_cast<Transaction*>(places_ + n); }

  char places_[HotStreams::kWaitingMax + 2] = {};
  HotStreams streams_;
  const std::string key_ = HotStreams::KeyOf(WorkspaceId(1), "deals/1");
};

TEST_F(HotStreamsTest, GiveTurnsInTheOrderInWhichTheyAreWanted) {
  EXPECT_TRUE(streams_.none());
  EXPECT_EQ(streams_.Join(key_, Nth(0)), Place::kNone);
  EXPECT_EQ(streams_.Enter(key_, Nth(0)), Place::kTurn);
  EXPECT_FALSE(streams_.none());
  EXPECT_EQ(streams_.Enter(key_, Nth(1)), Place::kWaits);
  EXPECT_EQ(streams_.Join(key_, Nth(2)), Place::kWaits);
  EXPECT_EQ(streams_.Leave(key_), &Nth(1));
  EXPECT_EQ(streams_.Leave(key_), &Nth(2));
  EXPECT_EQ(streams_.Leave(key_), nullptr);
  EXPECT_TRUE(streams_.none());
  EXPECT_EQ(streams_.Join(key_, Nth(0)), Place::kNone);
}

TEST_F(HotStreamsTest, OfTwoStreamsDoNotKnowOfEachOther) {
  EXPECT_EQ(streams_.Enter(key_, Nth(0)), Place::kTurn);
  const std::string same_name = HotStreams::KeyOf(WorkspaceId(2), "deals/1");
  EXPECT_EQ(streams_.Join(same_name, Nth(1)), Place::kNone);
  EXPECT_EQ(streams_.Enter(same_name, Nth(1)), Place::kTurn);
  EXPECT_EQ(streams_.Leave(key_), nullptr);
  EXPECT_FALSE(streams_.none());
}

TEST_F(HotStreamsTest, HaveABoundedNumberOfThoseThatWait) {
  EXPECT_EQ(streams_.Enter(key_, Nth(0)), Place::kTurn);
  for (size_t n = 1; n <= HotStreams::kWaitingMax; ++n) {
    EXPECT_EQ(streams_.Join(key_, Nth(n)), Place::kWaits);
  }
  EXPECT_EQ(streams_.Join(key_, Nth(HotStreams::kWaitingMax + 1)), Place::kFull);
  EXPECT_EQ(streams_.Leave(key_), &Nth(1));
  EXPECT_EQ(streams_.Enter(key_, Nth(HotStreams::kWaitingMax + 1)), Place::kWaits);
}

}  // namespace
}  // namespace kith::runtime
