// LateWatch: whether a view lacks what the log has had for long: it hangs in an event, nobody feeds
// it, or it is slower than what is written. A value; not thread-safe.
#pragma once

#include "absl/time/time.h"
#include "eventstore/base/strong_id.h"

namespace kith::projections {

class LateWatch {
 public:
  explicit LateWatch(absl::Duration late_after) : late_after_(late_after) {}

  // The view is at `position` and the log ends at `head` now, as Clock::Elapsed counts. A view that
  // has all that the log had at a look is asked for what it has by now.
  void Look(Position position, Position head, absl::Duration now) {
    if (position < wanted_) return;
    wanted_ = head;
    since_ = now;
  }
  void Forget() { wanted_ = Position(); }

  bool IsLate(Position position, absl::Duration now) const { return now >= Due(position); }
  // When it will be late where it stays at `position`; infinite where it lacks nothing.
  absl::Duration Due(Position position) const {
    return position < wanted_ ? since_ + late_after_ : absl::InfiniteDuration();
  }

 private:
  absl::Duration late_after_;
  Position wanted_;
  absl::Duration since_;  // the log has had it
};

}  // namespace kith::projections
