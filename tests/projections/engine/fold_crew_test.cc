#include "projections/engine/fold_crew.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

namespace kith::projections {
namespace {

// A task of one turn.
class OneTurn final : public FoldTask {
 public:
  explicit OneTurn(std::function<void()> turn) : turn_(std::move(turn)) {}

  Next Step() override {
    turn_();
    return Next::kRest;
  }

 private:
  const std::function<void()> turn_;
};

// Has `turn` done with a crew of a pool of so many threads.
void TakeTurn(size_t threads, const std::function<void(FoldCrew&)>& turn) {
  FoldPool pool(threads);
  FoldCrew crew(pool);
  OneTurn task([&] { turn(crew); });
  pool.Wake(task);
  pool.Stop();
}

TEST(FoldCrew, DoesEachItemOnceBeforeItEnds) {
  for (const size_t threads : {1, 2, 8}) {
    TakeTurn(threads, [](FoldCrew& crew) {
      for (const size_t count : {0, 1, 5, 100}) {
        std::vector<std::atomic<int>> done(count);
        const auto work = [&](size_t item) { ++done[item]; };
        crew.Begin(count, work);
        crew.End();
        for (const std::atomic<int>& times : done) EXPECT_EQ(times, 1);
      }
    });
  }
}

TEST(FoldCrew, HasItemsDoneAtOnceWhereThereAreThreads) {
  TakeTurn(2, [](FoldCrew& crew) {
    std::atomic<int> begun{0};
    // Each ends only when both have begun.
    const auto work = [&](size_t) {
      ++begun;
      begun.notify_all();
      for (int now = begun; now < 2; now = begun) begun.wait(now);
    };
    crew.Begin(2, work);
    crew.End();
    EXPECT_EQ(begun, 2);
  });
}

TEST(FoldCrew, WaitsForWhatAnotherHasBegun) {
  TakeTurn(2, [](FoldCrew& crew) {
    const auto own = std::this_thread::get_id();
    std::atomic<int> begun{0};
    std::atomic<bool> own_done{false};
    std::atomic<bool> other_done{false};
    const auto work = [&](size_t) {
      ++begun;
      begun.notify_all();
      for (int now = begun; now < 2; now = begun) begun.wait(now);
      if (std::this_thread::get_id() == own) {
        own_done = true;
        own_done.notify_all();
        return;
      }
      own_done.wait(false);
      for (int i = 0; i < 1'000; ++i) std::this_thread::yield();
      other_done = true;
    };
    crew.Begin(2, work);
    crew.End();
    EXPECT_TRUE(other_done);
  });
}

TEST(FoldCrew, HelpsInEveryTurnOfItsTask) {
  std::atomic<int> done{0};
  TakeTurn(3, [&](FoldCrew& crew) {
    const auto work = [&](size_t) { ++done; };
    for (int turn = 0; turn < 50; ++turn) {
      crew.Begin(10, work);
      crew.End();
    }
  });
  EXPECT_EQ(done, 500);
}

}  // namespace
}  // namespace kith::projections
