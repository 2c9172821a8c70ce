#include "services/runtime/admission/run_each.h"

#include <algorithm>
#include <memory>

#include "eventstore/base/mutex.h"

namespace kith::runtime {
namespace {

constexpr size_t kHelpersMax = 3;

// Lives until the last that was asked to help has looked at it; `run` is the caller's, who waits
// for whoever took a number.
class Work {
 public:
  Work(size_t count, absl::FunctionRef<void(size_t)> run) : count_(count), run_(run) {}

  // Runs what nobody took yet.
  void Help() KITH_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (next_ < count_) {
      const size_t number = next_++;
      lock.Unlock();
      run_(number);
      lock.Lock();
      if (++ended_ == count_) all_ended_.NotifyAll();
    }
  }

  void AwaitAll() KITH_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (ended_ < count_) all_ended_.Wait(mutex_);
  }

 private:
  const size_t count_;
  const absl::FunctionRef<void(size_t)> run_;
  Mutex mutex_;
  CondVar all_ended_;
  size_t next_ KITH_GUARDED_BY(mutex_) = 0;
  size_t ended_ KITH_GUARDED_BY(mutex_) = 0;
};

}  // namespace

void RunEach(Pool& pool, size_t count, absl::FunctionRef<void(size_t number)> run) {
  if (count == 0) return;
  const auto work = std::make_shared<Work>(count, run);
  for (size_t i = 0; i < std::min(count - 1, kHelpersMax); ++i) {
    if (!pool.TryRun([work] { work->Help(); })) break;
  }
  work->Help();
  work->AwaitAll();
}

}  // namespace kith::runtime
