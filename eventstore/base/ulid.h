// UlidGenerator: ids of resources. A ULID is 26 characters of Crockford base32: 48 bits of
// milliseconds, then 80 random bits, so ids sort by creation time.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/random.h"

namespace kith {

// Thread-safe. Ids from one generator rise strictly, also within a millisecond and when the clock
// steps back.
class UlidGenerator {
 public:
  // Borrows both; they outlive the generator.
  UlidGenerator(const Clock& clock, Random& random) : clock_(clock), random_(random) {}

  std::string Next();

 private:
  const Clock& clock_;
  Random& random_;
  Mutex mutex_;
  uint64_t last_ms_ KITH_GUARDED_BY(mutex_) = 0;
  unsigned char entropy_[10] KITH_GUARDED_BY(mutex_) = {};
};

// True for 26 characters of Crockford base32 in upper case whose first is at most '7'.
bool IsUlid(absl::string_view text);

// The ULID `id` with its 48 bits of time set to those of `time`, rounded down to a millisecond;
// times before 1970 count as 1970. Its random bits stay, so ids drawn from one generator stay
// distinct.
std::string UlidAt(absl::Time time, absl::string_view id);
// The time in a ULID, a whole millisecond.
absl::Time TimeOfUlid(absl::string_view id);

}  // namespace kith
