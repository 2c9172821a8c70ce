#include "eventstore/log/clock_lag.h"

#include <algorithm>

namespace kith::eventstore {
namespace {

// Below it are flags that each say something of their own.
constexpr int kMinutesShift = 8;
constexpr int64_t kMinutesMax = (int64_t{1} << 24) - 1;

}  // namespace

uint32_t ClockLagFlags(absl::Duration behind) {
  const int64_t minutes = std::clamp<int64_t>(absl::ToInt64Minutes(behind), 0, kMinutesMax);
  return static_cast<uint32_t>(minutes) << kMinutesShift;
}

absl::Duration ClockLagOf(const EventHeader& header) {
  return absl::Minutes(header.flags >> kMinutesShift);
}

absl::Duration AgeWhenRecorded(const EventHeader& header) {
  return header.record_time - ClockLagOf(header) - header.occur_time;
}

}  // namespace kith::eventstore
