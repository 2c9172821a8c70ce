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
  Feed feed(100);
  EXPECT_FALSE(feed.Skip(Position(7)));
  const Feed::Work work = feed.Take();  // does not wait
  EXPECT_TRUE(work.chunks.empty());
  EXPECT_EQ(work.through, Position(7));
}

TEST(Feed, LetsAWaitingWorkerSleepOverWhatIsSkipped) {
  Feed feed(100);
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
  Feed feed(100);
  feed.Push(ChunkTo(5));
  EXPECT_FALSE(feed.Skip(Position(9)));
  const Feed::Work work = feed.Take();
  EXPECT_EQ(work.chunks.size(), 1u);
  EXPECT_EQ(work.through, Position(9));
}

TEST(Feed, TellsAFlushHowFarWasSkipped) {
  Feed feed(100);
  WaitingWorker worker(feed);
  EXPECT_TRUE(feed.Skip(Position(9)));
  feed.AskForFlush();
  const Feed::Work work = worker.Join();
  EXPECT_TRUE(work.flush);
  EXPECT_EQ(work.through, Position(9));
}

TEST(Feed, VouchesForNothingOnceItDroppedChunks) {
  Feed feed(100);
  feed.Push(ChunkTo(5));
  EXPECT_FALSE(feed.Skip(Position(9)));
  feed.Close();
  const Feed::Work work = feed.Take();
  EXPECT_TRUE(work.closed);
  EXPECT_TRUE(work.chunks.empty());
  EXPECT_EQ(work.through, Position());
  EXPECT_FALSE(feed.Skip(Position(11)));
}

}  // namespace
}  // namespace kith::projections
