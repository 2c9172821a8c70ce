// ReadGate: lets reads pass while it is open, and closing waits for those inside. Passing costs two
// atomic additions. Any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "eventstore/base/mutex.h"

namespace kith {

class ReadGate {
 public:
  // One read; false when the gate was closed before it came.
  class Pass {
   public:
    explicit Pass(ReadGate& gate) : gate_(gate), inside_(gate.Enter()) {}
    ~Pass() {
      if (inside_) gate_.Leave();
    }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    explicit operator bool() const { return inside_; }

   private:
    ReadGate& gate_;
    const bool inside_;
  };

  // Open from the start, or only after the first Open.
  explicit ReadGate(bool open = true) : state_(open ? 0 : kClosed) {}

  void Open() { state_.fetch_and(~kClosed); }

  // True once closing has begun: a long read should end.
  bool closing() const { return (state_.load(std::memory_order_relaxed) & kClosed) != 0; }

  void CloseAndWait() {
    MutexLock lock(mutex_);
    state_.fetch_or(kClosed);
    while (state_.load() != kClosed) left_.Wait(mutex_);
  }

 private:
  static constexpr uint64_t kClosed = uint64_t{1} << 63;  // the other bits count the reads inside

  bool Enter() {
    if ((state_.fetch_add(1) & kClosed) == 0) return true;
    Leave();
    return false;
  }
  void Leave() {
    if (state_.fetch_sub(1) != (kClosed | 1)) return;
    MutexLock lock(mutex_);  // so that the waiter either sees the count or hears the call
    left_.NotifyAll();
  }

  std::atomic<uint64_t> state_;
  Mutex mutex_;
  CondVar left_;
};

}  // namespace kith
