// TimeSpan: how long a step waits, or how much later a time is that it says: "30m", "3d", "-2w",
// "3bd", "8bh". Days are those of the calendar in a zone; bd counts days on which a business
// calendar is open, and bh hours in which it is. Pure.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "services/core/business_time.h"

namespace kith::workflows {

struct TimeSpan {
  absl::Duration exact;      // s, m, h
  int days = 0;              // d, w
  int business_days = 0;     // bd
  absl::Duration open_time;  // bh
};

// InvalidArgument, which says what such a text looks like.
absl::StatusOr<TimeSpan> ParseTimeSpan(absl::string_view text);

// Where nobody names a calendar: the days from Monday to Friday, all of each.
WorkCalendar Weekdays(absl::TimeZone zone);

// The same time of the day so many days later, or before, in the calendar's zone; where the clocks
// are put forward over it, as soon as it can. Business days after one that is none are counted from
// the one before it. Nullopt: the calendar is not open so often within twenty years.
std::optional<absl::Time> Add(absl::Time from, const TimeSpan& span, const WorkCalendar& calendar);
std::optional<absl::CivilDay> Add(absl::CivilDay from, const TimeSpan& span,
                                  const WorkCalendar& calendar);

}  // namespace kith::workflows
