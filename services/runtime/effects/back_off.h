// BackOff: when what failed for reasons that pass is tried again, and how often. Plain values.
#pragma once

#include <algorithm>

#include "absl/time/time.h"

namespace kith::runtime {

struct BackOff {
  absl::Duration first;    // after the first try, then twice as long
  absl::Duration most;     // between two tries
  absl::Duration give_up;  // about so long after the first try is the last

  absl::Duration After(int attempt) const {
    absl::Duration delay = first;
    for (int i = 1; i < attempt && delay < most; ++i) delay *= 2;
    return std::min(delay, most);
  }
  int attempts_max() const {
    constexpr int kMost = 10'000;
    int attempts = 1;
    absl::Duration after = absl::ZeroDuration();
    while (after < give_up && attempts < kMost) after += After(attempts++);
    return attempts;
  }
};

}  // namespace kith::runtime
