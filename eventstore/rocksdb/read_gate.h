// ReadGate: lets any number of reads pass cheaply, and lets one thread close it and wait until none
// is left inside.
#pragma once

#include <atomic>
#include <thread>

namespace kith::eventstore {

class ReadGate {
 public:
  // A read in progress; false when the gate was closed.
  class Pass {
   public:
    explicit Pass(ReadGate& gate) : gate_(gate) {
      gate_.inside_.fetch_add(1);
      open_ = !gate_.closed_.load();
    }
    ~Pass() { gate_.inside_.fetch_sub(1); }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    explicit operator bool() const { return open_; }

   private:
    ReadGate& gate_;
    bool open_;
  };

  // Waits for every read inside. Happens after a failed write only, so it may as well spin.
  void Close() {
    closed_.store(true);
    while (inside_.load() > 0) std::this_thread::yield();
  }
  void Open() { closed_.store(false); }

 private:
  std::atomic<int> inside_{0};
  std::atomic<bool> closed_{true};
};

}  // namespace kith::eventstore
