// Clock: the only source of time. Deciders and projections never see it: time reaches them as a
// value.
#pragma once

#include "absl/time/time.h"

namespace kith {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Wall-clock time, rounded down to a microsecond, the precision of the log.
  virtual absl::Time Now() const = 0;
};

// The machine's clock; lives for ever.
const Clock& SystemClock();

}  // namespace kith
