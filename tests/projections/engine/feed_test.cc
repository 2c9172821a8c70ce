#include "projections/engine/feed.h"

#include <gtest/gtest.h>

#include <thread>

namespace kith::projections {
namespace {

std::shared_ptr<const Chunk> ChunkTo(uint64_t last) {
  auto chunk = std::make_shared<Chunk>();
  chunk->last = Position(last);
  return chunk;
}

void AwaitIdle(const Feed& feed) {
  while (!feed.idle()) std::this_thread::yield();
}

// One worker that takes once, while the test does something to a feed it waits on.
class WaitingWorker {
 public:
  explicit WaitingWorker(Feed& feed) : thread_([this, &feed] { work_ = feed.Take(); }) {
    AwaitIdle(feed);
  }
  Feed::Work Join() {
    thread_.join();
    return std::move(work_);
  }

 private:
  Feed::Work work_;
  std::thread thread_;
};

TEST(Feed, LeavesSkippingToTheWorkerThatIsAtWork) {
  Feed feed(100, Position(0));
  feed.Join();
  EXPECT_FALSE(feed.Skip(Position(7)));
  const Feed::Work work = feed.Take();  // does not wait
  EXPECT_TRUE(work.chunks.empty());
  EXPECT_EQ(work.through, Position(7));
}

TEST(Feed, LetsAWaitingWorkerSleepOverWhatIsSkipped) {
  Feed feed(100, Position(0));
  feed.Join();
  WaitingWorker worker(feed);
  EXPECT_TRUE(feed.Skip(Position(7)));
  EXPECT_TRUE(feed.Skip(Position(9)));
  EXPECT_TRUE(feed.idle());
  feed.Push(ChunkTo(12));
  const Feed::Work work = worker.Join();
  ASSERT_EQ(work.chunks.size(), 1u);
  EXPECT_EQ(work.through, Position(12));
}

TEST(Feed, SkipsBehindChunksThatWait) {
  Feed feed(100, Position(0));
  feed.Join();
  feed.Push(ChunkTo(5));
  EXPECT_FALSE(feed.Skip(Position(9)));
  const Feed::Work work = feed.Take();
  EXPECT_EQ(work.chunks.size(), 1u);
  EXPECT_EQ(work.through, Position(9));
}

TEST(Feed, TellsAFlushHowFarWasSkipped) {
  Feed feed(100, Position(0));
  feed.Join();
  WaitingWorker worker(feed);
  EXPECT_TRUE(feed.Skip(Position(9)));
  feed.AskForFlush();
  const Feed::Work work = worker.Join();
  EXPECT_TRUE(work.flush);
  EXPECT_EQ(work.through, Position(9));
}

TEST(Feed, VouchesForNothingOnceItDroppedChunks) {
  Feed feed(100, Position(0));
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

TEST(Feed, KeepsNothingBeforeItIsJoined) {
  Feed feed(100, Position(3));
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

TEST(Feed, CutsOffAWorkerThatLetsItFillUpAndNeverWaitsForIt) {
  Feed feed(3, Position(0));  // a chunk without events weighs one
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

TEST(Feed, CutsOffAWaitingWorkerForWhatWasNotDecodedForIt) {
  Feed feed(100, Position(0));
  feed.Join();
  WaitingWorker worker(feed);
  feed.Miss(Position(7));
  const Feed::Work work = worker.Join();
  EXPECT_TRUE(work.cut_off);
  EXPECT_EQ(work.through, Position(0));
  EXPECT_FALSE(feed.Skip(Position(9)));
}

TEST(Feed, DropsWhatWaitsWhenItsWorkerLeaves) {
  Feed feed(100, Position(0));
  feed.Join();
  feed.Push(ChunkTo(5));
  feed.Leave();
  EXPECT_EQ(feed.Join(), Position(5));
  feed.Push(ChunkTo(6));
  EXPECT_EQ(feed.Take().chunks.size(), 1u);
}

}  // namespace
}  // namespace kith::projections
