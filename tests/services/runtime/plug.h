// Plug: work that holds a pool's threads until a test lets them go.
#pragma once

#include "eventstore/base/mutex.h"
#include "services/runtime/admission/pools.h"

namespace kith::runtime {

// Until it goes. One thread, besides those that it holds.
class Plug {
 public:
  Plug(Pool& pool, int threads) {
    for (int i = 0; i < threads; ++i) {
      pool.Run([this] { Hold(); });
    }
    MutexLock lock(mutex_);
    while (held_ < threads) changed_.Wait(mutex_);
  }
  ~Plug() { Open(); }
  void Open() {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.NotifyAll();
    while (held_ > 0) changed_.Wait(mutex_);
  }

 private:
  void Hold() {
    MutexLock lock(mutex_);
    ++held_;
    changed_.NotifyAll();
    while (!open_) changed_.Wait(mutex_);
    --held_;
    changed_.NotifyAll();
  }

  Mutex mutex_;
  CondVar changed_;
  int held_ KITH_GUARDED_BY(mutex_) = 0;
  bool open_ KITH_GUARDED_BY(mutex_) = false;
};

}  // namespace kith::runtime
