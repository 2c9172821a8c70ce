// CallParts: where the time of one call went. One thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "absl/time/time.h"
#include "eventstore/base/clock.h"

namespace kith::runtime {

enum class CallPart {
  kQueue,   // for a thread of a pool
  kWait,    // for a view to reach the position asked for
  kLoad,    // what was not in memory, and for reads the answer itself
  kDecide,  // credentials, the rules of fields, the decision, and making its events
  kCommit,  // until the events were on disk
  kRender,  // folding on and the reply
};

class CallParts {
 public:
  // The call begins. The clock outlives it.
  explicit CallParts(const Clock& clock) : clock_(clock), began_(clock.Elapsed()), last_(began_) {}

  // By the clock's Elapsed.
  absl::Duration began() const { return began_; }

  // All that has passed since the last mark, or since this was made, belongs to `part`.
  void Mark(CallPart part) {
    const absl::Duration now = clock_.Elapsed();
    spent_[static_cast<size_t>(part)] += now - std::exchange(last_, now);
  }

  absl::Duration spent(CallPart part) const { return spent_[static_cast<size_t>(part)]; }
  // Up to the last mark.
  absl::Duration total() const { return last_ - began_; }

 private:
  const Clock& clock_;
  const absl::Duration began_;
  absl::Duration last_;
  std::array<absl::Duration, 6> spent_{};
};

}  // namespace kith::runtime
