#include "eventstore/base/mutex.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace kith {
namespace {

class Counter {
 public:
  void Add() {
    MutexLock lock(mutex_);
    ++value_;
    changed_.NotifyAll();
  }
  void AwaitAtLeast(int value) {
    MutexLock lock(mutex_);
    while (value_ < value) changed_.Wait(mutex_);
  }
  // Lets the mutex go in between, and takes it back.
  void AddTwice() {
    MutexLock lock(mutex_);
    ++value_;
    lock.Unlock();
    lock.Lock();
    ++value_;
  }
  int value() {
    MutexLock lock(mutex_);
    return value_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int value_ KITH_GUARDED_BY(mutex_) = 0;
};

TEST(Mutex, LetsOneThreadInAtATime) {
  constexpr int kThreads = 4;
  constexpr int kAdditions = 10'000;
  Counter counter;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < kAdditions / 2; ++j) counter.AddTwice();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), kThreads * kAdditions);
}

TEST(CondVar, WakesAWaiterWhenWhatItWaitsForComes) {
  Counter counter;
  std::thread waiter([&] { counter.AwaitAtLeast(2); });
  counter.Add();
  counter.Add();
  waiter.join();
  EXPECT_EQ(counter.value(), 2);
}

TEST(CondVar, GivesUpWhenTheTimeIsOver) {
  Mutex mutex;
  CondVar never;
  MutexLock lock(mutex);
  // A wake without cause is allowed, one for ever is not.
  while (never.WaitFor(mutex, std::chrono::milliseconds(1))) {
  }
}

}  // namespace
}  // namespace kith
