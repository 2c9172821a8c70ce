// CallParts: where the time of one call went. One thread at a time.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <utility>

#include "absl/time/time.h"

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
  // All that has passed since the last mark, or since this was made, belongs to `part`.
  void Mark(CallPart part) {
    const auto now = std::chrono::steady_clock::now();
    spent_[static_cast<size_t>(part)] += now - std::exchange(last_, now);
  }

  absl::Duration spent(CallPart part) const {
    return absl::FromChrono(spent_[static_cast<size_t>(part)]);
  }
  // Up to the last mark.
  absl::Duration total() const {
    std::chrono::steady_clock::duration all{};
    for (const auto& part : spent_) all += part;
    return absl::FromChrono(all);
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  std::array<std::chrono::steady_clock::duration, 6> spent_{};
};

}  // namespace kith::runtime
