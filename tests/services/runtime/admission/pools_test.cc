#include "services/runtime/admission/pools.h"

#include <atomic>
#include <vector>

#include "eventstore/base/error.h"
#include "gtest/gtest.h"
#include "kith/type/v1/errors.pb.h"
#include "services/runtime/admission/after_work.h"
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

TEST(Pool, RunsWhatWaitsForTheEndOfAPieceOfWork) {
  std::vector<int> ran;
  Pool pool({.threads = 1, .queue_max = 10});
  pool.Run([&] {
    AfterWork::OfThisThread()->Add([&] {
      ran.push_back(2);
      AfterWork::OfThisThread()->Add([&] { ran.push_back(4); });
    });
    AfterWork::OfThisThread()->Add([&] { ran.push_back(3); });
    ran.push_back(1);
  });
  pool.Run([&] { ran.push_back(5); });
  pool.Stop();
  EXPECT_EQ(ran, std::vector<int>({1, 2, 3, 4, 5}));
  EXPECT_EQ(AfterWork::OfThisThread(), nullptr);
}

TEST(QueueFull, NamesTheLimit) {
  EXPECT_TRUE(IsError(QueueFull("reads"), type::v1::ERROR_LIMIT_REACHED));
}

}  // namespace
}  // namespace kith::runtime
