#include "services/runtime/admission/run_each.h"

#include <array>
#include <atomic>
#include <thread>

#include "gtest/gtest.h"
#include "tests/services/runtime/plug.h"

namespace kith::runtime {
namespace {

TEST(RunEach, RunsEachOnceAndEndsWhenAllHave) {
  Pool pool({.threads = 3, .queue_max = 10});
  for (const size_t count : {0, 1, 2, 20}) {
    std::array<std::atomic<int>, 20> ran = {};
    RunEach(pool, count, [&](size_t number) { ++ran.at(number); });
    for (size_t i = 0; i < ran.size(); ++i) EXPECT_EQ(ran.at(i), i < count ? 1 : 0) << i;
  }
}

// Method: each of two waits for the other to have begun.
TEST(RunEach, RunsThemSideBySide) {
  Pool pool({.threads = 1, .queue_max = 10});
  std::atomic<int> begun = 0;
  RunEach(pool, 2, [&](size_t) {
    ++begun;
    begun.notify_all();
    for (int seen = begun; seen < 2; seen = begun) begun.wait(seen);
  });
  EXPECT_EQ(begun, 2);
}

TEST(RunEach, NeedsNobodyElse) {
  Pool pool({.threads = 1, .queue_max = 1});
  std::atomic<int> ran = 0;
  {
    Plug plug(pool, 1);
    const auto here = std::this_thread::get_id();
    RunEach(pool, 5, [&](size_t) { ran += std::this_thread::get_id() == here ? 1 : 0; });
    EXPECT_EQ(ran, 5);
  }
  // What was asked of the pool before may still wait for its one thread.
  pool.Run([&] { RunEach(pool, 5, [&](size_t) { ++ran; }); });
  pool.Stop();
  EXPECT_EQ(ran, 10);
}

}  // namespace
}  // namespace kith::runtime
