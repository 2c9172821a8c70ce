// Gate: a place where threads wait until a test lets them pass. Open at first. Thread-safe.
#pragma once

#include "eventstore/base/mutex.h"

namespace kith::runtime {

class Gate {
 public:
  void Close() {
    MutexLock lock(mutex_);
    open_ = false;
  }
  void Open() {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.NotifyAll();
  }
  void Pass() {
    MutexLock lock(mutex_);
    ++waiting_;
    changed_.NotifyAll();
    while (!open_) changed_.Wait(mutex_);
    --waiting_;
  }
  // Until so many threads stand before the gate.
  void AwaitWaiting(int count) {
    MutexLock lock(mutex_);
    while (waiting_ < count) changed_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool open_ KITH_GUARDED_BY(mutex_) = true;
  int waiting_ KITH_GUARDED_BY(mutex_) = 0;
};

}  // namespace kith::runtime
