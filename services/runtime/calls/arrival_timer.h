// ArrivalTimer: the limits of time of one request that comes over gRPC, which has none of its own:
// for its turn to be read, and for its reading.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

namespace grpc {
class Alarm;
}

namespace kith::runtime {

// Owned by the carrier. Costs nothing where no limit is set. Each limit is set once, and before
// what it limits begins.
class ArrivalTimer {
 public:
  ArrivalTimer();
  ~ArrivalTimer();
  ArrivalTimer(const ArrivalTimer&) = delete;
  ArrivalTimer& operator=(const ArrivalTimer&) = delete;

  // After `most` calls `end` if `give_up` says true, which says it only while the carrier waits.
  void LimitTurn(absl::Duration most, absl::AnyInvocable<bool()> give_up,
                 absl::AnyInvocable<void()> end);
  // After `most` calls `end`, unless Arrive came first.
  void LimitRead(absl::Duration most, absl::AnyInvocable<void()> end);
  // What was read is there, or will not come. False: `end` is called, or was, and the carrier may
  // be gone as soon as that has returned.
  bool Arrive();
  // Within and after `end`: why it was called (ERROR_LIMIT_REACHED). Else OK.
  const absl::Status& why() const { return why_; }

 private:
  // Shared with the timer, which may come when the carrier is gone.
  struct Reading {
    std::atomic<bool> ended = false;  // by either
  };

  std::unique_ptr<grpc::Alarm> turn_;
  std::unique_ptr<grpc::Alarm> read_;
  std::shared_ptr<Reading> reading_;  // null: it has no limit
  absl::Status why_;
};

}  // namespace kith::runtime
