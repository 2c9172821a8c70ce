// Recurrence: what happens again and again, by a rule of RFC 5545 (RRULE).
//
//   Series weekly{"FREQ=WEEKLY;BYDAY=TU", absl::CivilSecond(2026, 3, 3, 9, 0, 0), new_york};
//   NextOccurrence(weekly, weekly.start);  // the next Tuesday at 09:00
//
// An occurrence is a local time: it stays the same when the clocks change. Months without the day,
// and years, are passed over. Pure functions, any thread; each looks at fifty years at most,
// whatever the rule.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace kith {

// What is wrong with a rule, as a sentence; empty when nothing is. It has FREQ=DAILY, WEEKLY,
// MONTHLY or YEARLY, and maybe INTERVAL, COUNT or UNTIL, WKST, and the BY parts that RFC 5545 has
// for days. The time of day is the start's. Parts that may never meet are refused, because finding
// that out takes long: of DAILY it is either INTERVAL or a BY part, and weekdays and positions that
// are counted are such as every month or year has.
std::string RecurrenceDefect(absl::string_view rule);

struct Series {
  std::string rule;         // without defect
  absl::CivilSecond start;  // the rule is counted from here
  absl::TimeZone zone = absl::UTCTimeZone();
  std::vector<absl::CivilSecond> exceptions;  // occurrences that are none, and are counted (EXDATE)
};

// The first ones.
std::vector<absl::CivilSecond> Occurrences(const Series& series, size_t most);
// The first one after `after`; nullopt: there is none within fifty years of the start.
std::optional<absl::CivilSecond> NextOccurrence(const Series& series, absl::CivilSecond after);

}  // namespace kith
