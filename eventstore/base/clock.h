// Clock: the only source of time, the time of day and how much of it passes. Deciders and
// projections never see it: time reaches them as a value.
#pragma once

#include "absl/time/time.h"

namespace kith {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Wall-clock time, rounded down to a microsecond, the precision of the log.
  virtual absl::Time Now() const = 0;
  // How long since a moment that stays the same as long as the process lives. For whatever waits
  // or measures: the time of day may be set by hours at any moment, this goes on evenly.
  virtual absl::Duration Elapsed() const = 0;
};

// The machine's clock; lives for ever.
const Clock& SystemClock();

}  // namespace kith
