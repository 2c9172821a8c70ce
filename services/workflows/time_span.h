// TimeSpan: how long a step waits, or how much later a time is that it says: "30m", "3d", "-2w",
// "3bd". Days are those of the calendar in a zone; bd counts days from Monday to Friday. Pure.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace kith::workflows {

struct TimeSpan {
  absl::Duration exact;   // s, m, h
  int days = 0;           // d, w
  int business_days = 0;  // bd
};

// InvalidArgument, which says what such a text looks like.
absl::StatusOr<TimeSpan> ParseTimeSpan(absl::string_view text);

// The same time of the day so many days later, or before; where the clocks are put forward over it,
// as soon as it can.
absl::Time Add(absl::Time from, const TimeSpan& span, absl::TimeZone zone);
absl::CivilDay Add(absl::CivilDay from, const TimeSpan& span);

}  // namespace kith::workflows
