#include "projections/engine/feed.h"

#include <gtest/gtest.h>

#include <memory>

namespace kith::projections {
namespace {

std::shared_ptr<const Chunk> ChunkTo(uint64_t last) {
  auto chunk = std::make_shared<Chunk>();
  chunk->last = Position(last);
  return chunk;
}

// A feed whose lane is woken so many times.
class FeedTest : public ::testing::Test {
 protected:
  std::unique_ptr<Feed> NewFeed(size_t events_max, Position begin) {
    return std::make_unique<Feed>(events_max, begin, [this] { ++woken_; });
  }
  // A lane that has joined and found nothing to do.
  static void Rest(Feed& feed) {
    feed.Join();
    EXPECT_TRUE(feed.Take().idle);
    EXPECT_TRUE(feed.idle());
  }

  int woken_ = 0;
};

TEST_F(FeedTest, LeavesSkippingToTheLaneThatIsAtWork) {
  const auto owned = NewFeed(100, Position(0));
  Feed& feed = *owned;
  feed.Join();
  EXPECT_FALSE(feed.Skip(Position(7)));
  const Feed::Work work = feed.Take();
  EXPECT_TRUE(work.chunks.empty());
  EXPECT_EQ(work.through, Position(7));
}

TEST_F(FeedTest, LetsARestingLaneSleepOverWhatIsSkipped) {
  const auto owned = NewFeed(100, Position(0));
  Feed& feed = *owned;
  Rest(feed);
  EXPECT_TRUE(feed.Skip(Position(7)));
  EXPECT_TRUE(feed.Skip(Position(9)));
  EXPECT_TRUE(feed.idle());
  EXPECT_EQ(woken_, 0);
  feed.Push(ChunkTo(12));
  EXPECT_EQ(woken_, 1);
  feed.Push(ChunkTo(14));
  EXPECT_EQ(woken_, 1);  // it is at work now
  const Feed::Work work = feed.Take();
  EXPECT_FALSE(work.idle);
  ASSERT_EQ(work.chunks.size(), 2u);
  EXPECT_EQ(work.through, Position(14));
}

TEST_F(FeedTest, SkipsBehindChunksThatWait) {
  const auto owned = NewFeed(100, Position(0));
  Feed& feed = *owned;
  feed.Join();
  feed.Push(ChunkTo(5));
  EXPECT_FALSE(feed.Skip(Position(9)));
  const Feed::Work work = feed.Take();
  EXPECT_EQ(work.chunks.size(), 1u);
  EXPECT_EQ(work.through, Position(9));
}

TEST_F(FeedTest, TellsAFlushHowFarWasSkipped) {
  const auto owned = NewFeed(100, Position(0));
  Feed& feed = *owned;
  Rest(feed);
  EXPECT_TRUE(feed.Skip(Position(9)));
  feed.AskForFlush();
  EXPECT_EQ(woken_, 1);
  const Feed::Work work = feed.Take();
  EXPECT_TRUE(work.flush);
  EXPECT_EQ(work.through, Position(9));
}

TEST_F(FeedTest, VouchesForNothingOnceItDroppedChunks) {
  const auto owned = NewFeed(100, Position(0));
  Feed& feed = *owned;
  feed.Join();
  feed.Push(ChunkTo(5));
  EXPECT_FALSE(feed.Skip(Position(9)));
  feed.Close();
  const Feed::Work work = feed.Take();
  EXPECT_TRUE(work.closed);
  EXPECT_TRUE(work.chunks.empty());
  EXPECT_EQ(work.through, Position());
  EXPECT_FALSE(feed.Skip(Position(11)));
}

TEST_F(FeedTest, KeepsNothingBeforeItIsJoined) {
  const auto owned = NewFeed(100, Position(3));
  Feed& feed = *owned;
  EXPECT_EQ(feed.offered(), Position(3));
  feed.Push(ChunkTo(5));
  EXPECT_FALSE(feed.Skip(Position(9)));
  EXPECT_EQ(feed.Join(), Position(9));
  feed.Push(ChunkTo(12));
  const Feed::Work work = feed.Take();
  ASSERT_EQ(work.chunks.size(), 1u);
  EXPECT_EQ(work.chunks[0]->last, Position(12));
  EXPECT_FALSE(work.cut_off);
}

TEST_F(FeedTest, CutsOffALaneThatLetsItFillUpAndNeverWaitsForIt) {
  const auto owned = NewFeed(3, Position(0));
  Feed& feed = *owned;  // a chunk without events weighs one
  feed.Join();
  for (uint64_t last = 1; last <= 10; ++last) feed.Push(ChunkTo(last));
  EXPECT_FALSE(feed.joined());
  EXPECT_EQ(feed.offered(), Position(10));
  const Feed::Work work = feed.Take();
  EXPECT_EQ(work.chunks.size(), 3u);
  EXPECT_EQ(work.through, Position(3));  // and not further
  EXPECT_TRUE(work.cut_off);
  EXPECT_EQ(feed.Join(), Position(10));
}

TEST_F(FeedTest, CutsOffARestingLaneForWhatWasNotDecodedForIt) {
  const auto owned = NewFeed(100, Position(0));
  Feed& feed = *owned;
  Rest(feed);
  feed.Miss(Position(7));
  EXPECT_EQ(woken_, 1);
  const Feed::Work work = feed.Take();
  EXPECT_TRUE(work.cut_off);
  EXPECT_EQ(work.through, Position(0));
  EXPECT_FALSE(feed.Skip(Position(9)));
}

TEST_F(FeedTest, RestsNotWhereItWasWokenOrClosedAlready) {
  const auto feed = NewFeed(100, Position(0));
  feed->Wake();
  EXPECT_FALSE(feed->Rest());
  feed->TakeRequests();
  EXPECT_TRUE(feed->Rest());
  EXPECT_TRUE(feed->idle());
  feed->Miss(Position(3));  // what failed is not tried again for each event
  feed->AskForFlush();
  EXPECT_EQ(woken_, 0);
  feed->Wake();
  EXPECT_EQ(woken_, 1);
  feed->TakeRequests();
  feed->Close();
  EXPECT_FALSE(feed->Rest());
  EXPECT_FALSE(feed->idle());
}

TEST_F(FeedTest, DropsWhatWaitsWhenItsLaneLeaves) {
  const auto owned = NewFeed(100, Position(0));
  Feed& feed = *owned;
  feed.Join();
  feed.Push(ChunkTo(5));
  feed.Leave();
  EXPECT_EQ(feed.Join(), Position(5));
  feed.Push(ChunkTo(6));
  EXPECT_EQ(feed.Take().chunks.size(), 1u);
}

}  // namespace
}  // namespace kith::projections
