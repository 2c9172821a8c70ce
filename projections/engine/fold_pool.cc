#include "projections/engine/fold_pool.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/thread_name.h"

namespace kith::projections {
namespace {

constexpr size_t kTurnsForBehind = 4;  // one of so many

}  // namespace

// Who waits, waits for one that does not: so there are at most as many of them.
FoldPool::FoldPool(size_t threads) : active_max_(threads) {
  for (size_t i = 0; i < 2 * threads; ++i) {
    threads_.emplace_back([this, i] {
      NameThisThread(absl::StrCat("view-", i));
      Work();
    });
  }
}

FoldPool::~FoldPool() { Stop(); }

void FoldPool::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void FoldPool::Wake(FoldTask& task) {
  MutexLock lock(mutex_);
  if (task.state_ == FoldTask::State::kResting) {
    Queue(task);
  } else if (task.state_ == FoldTask::State::kRunning) {
    task.state_ = FoldTask::State::kWoken;
  }
}

void FoldPool::Queue(FoldTask& task) {
  task.state_ = FoldTask::State::kQueued;
  (task.behind_ ? behind_ : urgent_).push_back(&task);
  changed_.NotifyOne();
}

FoldTask* FoldPool::TakeNext() {
  const bool behind = urgent_.empty() || (!behind_.empty() && ++turns_ % kTurnsForBehind == 0);
  std::deque<FoldTask*>& queue = behind ? behind_ : urgent_;
  FoldTask* const task = queue.front();
  queue.pop_front();
  return task;
}

void FoldPool::BeginWait() {
  MutexLock lock(mutex_);
  ++waiting_;
  changed_.NotifyOne();
}

void FoldPool::EndWait() {
  MutexLock lock(mutex_);
  --waiting_;
}

void FoldPool::Work() {
  MutexLock lock(mutex_);
  for (;;) {
    const bool is_idle = urgent_.empty() && behind_.empty();
    if (is_idle && stopping_ && running_ == 0) break;
    if (is_idle || running_ - waiting_ >= active_max_) {
      changed_.Wait(mutex_);
      continue;
    }
    FoldTask& task = *TakeNext();
    task.state_ = FoldTask::State::kRunning;
    ++running_;
    lock.Unlock();
    const FoldTask::Next next = task.Step();
    lock.Lock();
    --running_;
    task.behind_ = task.always_behind_ || next == FoldTask::Next::kLater;
    const bool woken = task.state_ == FoldTask::State::kWoken;
    task.state_ = FoldTask::State::kResting;
    if (woken || next != FoldTask::Next::kRest) Queue(task);
  }
  changed_.NotifyAll();  // the others end, too
}

}  // namespace kith::projections
