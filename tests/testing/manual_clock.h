// ManualClock: a clock that stands still until a test moves it, or that moves on whenever it is
// read, so that whoever reads it twice for one thing is found out. Thread-safe.
#pragma once

#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"

namespace kith::testing {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(absl::Time now) : now_(now) {}

  absl::Time Now() const override {
    MutexLock lock(mutex_);
    now_ += tick_;
    return now_;
  }
  absl::Duration Elapsed() const override {
    MutexLock lock(mutex_);
    return elapsed_;
  }
  // Time passes.
  void Advance(absl::Duration by) {
    MutexLock lock(mutex_);
    now_ += by;
    elapsed_ += by;
  }
  // Somebody sets the time of day, and no time passes.
  void Jump(absl::Duration by) {
    MutexLock lock(mutex_);
    now_ += by;
  }
  // From now on it moves on by this much before every answer.
  void TickAtEveryRead(absl::Duration tick) {
    MutexLock lock(mutex_);
    tick_ = tick;
  }

 private:
  mutable Mutex mutex_;
  mutable absl::Time now_ KITH_GUARDED_BY(mutex_);
  absl::Duration elapsed_ KITH_GUARDED_BY(mutex_);
  absl::Duration tick_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::testing
