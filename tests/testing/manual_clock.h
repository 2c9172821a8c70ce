// ManualClock: a clock that stands still until a test moves it. Thread-safe.
#pragma once

#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"

namespace kith::testing {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(absl::Time now) : now_(now) {}

  absl::Time Now() const override {
    MutexLock lock(mutex_);
    return now_;
  }
  void Set(absl::Time now) {
    MutexLock lock(mutex_);
    now_ = now;
  }
  void Advance(absl::Duration by) { Set(Now() + by); }

 private:
  mutable Mutex mutex_;
  absl::Time now_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::testing
