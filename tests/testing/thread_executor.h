// ThreadExecutor: runs work in order on one thread of its own. The destructor runs what is queued.
#pragma once

#include <deque>
#include <thread>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/event_log.h"

namespace kith::testing {

class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor() : thread_([this] { Work(); }) {}
  ~ThreadExecutor() override {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      changed_.NotifyAll();
    }
    thread_.join();
  }

  void Run(absl::AnyInvocable<void()> work) override {
    MutexLock lock(mutex_);
    queue_.push_back(std::move(work));
    changed_.NotifyAll();
  }

 private:
  void Work() {
    MutexLock lock(mutex_);
    for (;;) {
      while (queue_.empty() && !stopping_) changed_.Wait(mutex_);
      if (queue_.empty()) return;
      absl::AnyInvocable<void()> work = std::move(queue_.front());
      queue_.pop_front();
      lock.Unlock();
      work();
      work = nullptr;
      lock.Lock();
    }
  }

  Mutex mutex_;
  CondVar changed_;
  std::deque<absl::AnyInvocable<void()>> queue_ KITH_GUARDED_BY(mutex_);
  bool stopping_ KITH_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last, so that it begins when the rest is there
};

}  // namespace kith::testing
