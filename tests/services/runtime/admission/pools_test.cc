#include "services/runtime/admission/pools.h"

#include <atomic>

#include "eventstore/base/error.h"
#include "gtest/gtest.h"
#include "kith/type/v1/errors.pb.h"
#include "tests/services/runtime/plug.h"

namespace kith::runtime {
namespace {

TEST(Pool, RunsAllWork) {
  std::atomic<int> ran = 0;
  Pool pool({.threads = 2, .queue_max = 100});
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(pool.TryRun([&] { ++ran; }));
  pool.Stop();
  EXPECT_EQ(ran, 100);
}

TEST(Pool, RefusesWorkBeyondItsQueue) {
  std::atomic<int> ran = 0;
  Pool pool({.threads = 1, .queue_max = 2});
  Plug plug(pool, 1);
  EXPECT_TRUE(pool.TryRun([&] { ++ran; }));
  EXPECT_TRUE(pool.TryRun([&] { ++ran; }));
  EXPECT_FALSE(pool.TryRun([&] { ++ran; }));
  pool.Run([&] { ++ran; });  // takes in what must not be lost
  plug.Open();
  pool.Stop();
  EXPECT_EQ(ran, 3);
}

TEST(Pool, RunsWhatIsQueuedBeforeItStops) {
  std::atomic<int> ran = 0;
  Pool pool({.threads = 1, .queue_max = 10});
  {
    Plug plug(pool, 1);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(pool.TryRun([&] { ++ran; }));
  }
  pool.Stop();
  EXPECT_EQ(ran, 5);
  EXPECT_FALSE(pool.TryRun([&] { ++ran; }));
  pool.Run([&] { ++ran; });  // here, on this thread
  EXPECT_EQ(ran, 6);
}

TEST(QueueFull, NamesTheLimit) {
  EXPECT_TRUE(IsError(QueueFull("reads"), type::v1::ERROR_LIMIT_REACHED));
}

}  // namespace
}  // namespace kith::runtime
