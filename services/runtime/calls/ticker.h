// Ticker: calls something again and again while it is wanted, on one of gRPC's threads, which it
// must not keep waiting for a disk. It needs no thread of its own, and costs nothing between.
#pragma once

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace kith::runtime {

// Thread-safe, but for its end.
class Ticker {
 public:
  // `tick` is called `period` after Start, and again as long as it answers true; never twice at
  // once.
  Ticker(absl::Duration period, absl::AnyInvocable<bool()> tick);
  // Waits for a tick that has begun; none begins any more.
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  // Nothing where it ticks already.
  void Start();

 private:
  struct State;  // shared with the alarm, which may come late

  const std::shared_ptr<State> state_;
};

}  // namespace kith::runtime
