#include "projections/engine/fold_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace kith::projections {
namespace {

// Does what it is told, and counts how often.
class Counted final : public FoldTask {
 public:
  explicit Counted(std::function<Next(int)> step) : step_(std::move(step)) {}

  Next Step() override {
    EXPECT_FALSE(running_.exchange(true)) << "two threads at once";
    const Next next = step_(++steps_);
    running_ = false;
    return next;
  }
  int steps() const { return steps_; }

 private:
  const std::function<Next(int)> step_;
  std::atomic<bool> running_{false};
  std::atomic<int> steps_{0};
};

TEST(FoldPool, CallsATaskAgainWhileItHasWork) {
  FoldPool pool(2);
  Counted task([](int step) { return step < 5 ? FoldTask::Next::kSoon : FoldTask::Next::kRest; });
  pool.Wake(task);
  pool.Stop();
  EXPECT_EQ(task.steps(), 5);
}

TEST(FoldPool, CallsATaskOnceMoreThatIsWokenAtWork) {
  FoldPool pool(4);
  Counted task([&](int step) {
    if (step == 1) {
      pool.Wake(task);
      pool.Wake(task);
    }
    return FoldTask::Next::kRest;
  });
  pool.Wake(task);
  pool.Stop();
  EXPECT_EQ(task.steps(), 2);
}

TEST(FoldPool, HasNoMoreTurnsAtOnceThanItMay) {
  FoldPool pool(2);
  std::atomic<int> active{0};
  std::atomic<int> most{0};
  std::vector<std::unique_ptr<Counted>> tasks;
  for (int i = 0; i < 10; ++i) {
    tasks.push_back(std::make_unique<Counted>([&](int step) {
      const int now = ++active;
      for (int known = most; known < now && !most.compare_exchange_weak(known, now);) {
      }
      for (int i = 0; i < 100; ++i) std::this_thread::yield();
      --active;
      return step < 20 ? FoldTask::Next::kSoon : FoldTask::Next::kRest;
    }));
  }
  for (const auto& task : tasks) pool.Wake(*task);
  pool.Stop();
  EXPECT_LE(most, 2);
}

TEST(FoldPool, HasAnotherTurnWhileOneWaits) {
  FoldPool pool(1);
  std::atomic<bool> done{false};
  Counted waits([&](int) {
    const FoldPool::Wait wait(pool);
    done.wait(false);
    return FoldTask::Next::kRest;
  });
  Counted is_waited_for([&](int) {
    done = true;
    done.notify_all();
    return FoldTask::Next::kRest;
  });
  pool.Wake(waits);
  pool.Wake(is_waited_for);
  pool.Stop();
  EXPECT_TRUE(done);
}

TEST(FoldPool, CallsATaskByOneThreadAtATime) {
  FoldPool pool(4);
  std::vector<std::unique_ptr<Counted>> tasks;
  for (int i = 0; i < 20; ++i) {
    tasks.push_back(std::make_unique<Counted>([](int step) {
      return step < 500 ? step % 2 == 0 ? FoldTask::Next::kSoon : FoldTask::Next::kLater
                        : FoldTask::Next::kRest;
    }));
  }
  for (const auto& task : tasks) pool.Wake(*task);
  for (const auto& task : tasks) pool.Wake(*task);
  pool.Stop();
  for (const auto& task : tasks) EXPECT_GE(task->steps(), 500);
}

// One thread, so that the order of turns is known.
TEST(FoldPool, LetsThoseNearTheHeadGoFirstAndTheOthersNotStarve) {
  constexpr int kTurns = 400;
  FoldPool pool(1);
  std::atomic<int> of_behind{0};
  Counted near(
      [&](int step) { return step < kTurns ? FoldTask::Next::kSoon : FoldTask::Next::kRest; });
  std::vector<std::unique_ptr<Counted>> behind;
  for (int i = 0; i < 10; ++i) {
    behind.push_back(std::make_unique<Counted>([&](int step) {
      if (step == 1) return FoldTask::Next::kLater;  // from now on it is behind
      if (near.steps() == 0 || near.steps() >= kTurns) return FoldTask::Next::kRest;
      ++of_behind;
      return FoldTask::Next::kLater;
    }));
  }
  std::atomic<bool> all_woken{false};
  Counted gate([&](int) {
    all_woken.wait(false);
    return FoldTask::Next::kRest;
  });
  pool.Wake(gate);
  for (const auto& task : behind) pool.Wake(*task);
  pool.Wake(near);
  all_woken = true;
  all_woken.notify_all();
  pool.Stop();
  // One turn of four.
  EXPECT_NEAR(of_behind, kTurns / 3, kTurns / 20);
}

}  // namespace
}  // namespace kith::projections
