// WaitList: continuations that wait for a view to reach a position, until a deadline. Not
// thread-safe.
#pragma once

#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "eventstore/base/strong_id.h"

namespace kith::projections {

class WaitList {
 public:
  using Done = absl::AnyInvocable<void(absl::Status)>;
  struct Wait {
    Position position;
    absl::Duration deadline;  // as Clock::Elapsed counts
    Done done;
  };

  void Add(Wait wait) {
    const Position position = wait.position;
    waits_.emplace(position, std::move(wait));
  }

  // Takes out the waits for positions up to `position`.
  std::vector<Wait> TakeReached(Position position) {
    std::vector<Wait> taken;
    const auto end = waits_.upper_bound(position);
    for (auto at = waits_.begin(); at != end; ++at) taken.push_back(std::move(at->second));
    waits_.erase(waits_.begin(), end);
    return taken;
  }
  std::vector<Wait> TakeExpired(absl::Duration now) {
    std::vector<Wait> taken;
    for (auto at = waits_.begin(); at != waits_.end();) {
      if (at->second.deadline > now) {
        ++at;
        continue;
      }
      taken.push_back(std::move(at->second));
      at = waits_.erase(at);
    }
    return taken;
  }
  std::vector<Wait> TakeAll() { return TakeExpired(absl::InfiniteDuration()); }

  // InfiniteDuration when nothing waits.
  absl::Duration NextDeadline() const {
    absl::Duration next = absl::InfiniteDuration();
    for (const auto& [position, wait] : waits_) next = std::min(next, wait.deadline);
    return next;
  }

 private:
  absl::btree_multimap<Position, Wait> waits_;
};

}  // namespace kith::projections
