// BackOff: how long to wait before something that failed is tried again: longer each time, to a
// bound. A value; not thread-safe.
#pragma once

#include <algorithm>

#include "absl/time/time.h"

namespace kith::projections {

class BackOff {
 public:
  static constexpr absl::Duration kMax = absl::Seconds(30);

  absl::Duration Next() {
    const absl::Duration delay = next_;
    next_ = std::min(next_ * 2, kMax);
    return delay;
  }
  // It went well for a while.
  void Reset() { next_ = kFirst; }

 private:
  static constexpr absl::Duration kFirst = absl::Milliseconds(100);
  absl::Duration next_ = kFirst;
};

}  // namespace kith::projections
