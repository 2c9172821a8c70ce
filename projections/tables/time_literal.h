// Literals of days and times, as filters have them: absolute ones, and ones relative to the moment
// of the list.
//
//   2026-11-23                  a day          "2026-11-23T09:30:00Z"      a time
//   now, now()                  the moment     today, today()              its day
//   -30d, +12h                  so much before or after the moment; of a field of days, its day
//   today-1mo, now+2w3d         the same, counted from what stands before it
//
// Units are m (minutes), h, d, w, mo and y. Days, weeks, months and years are those of the calendar
// in the moment's time zone: a day is not 24 hours where the clocks are put forward, and a month
// after January 31st is the last of February. Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace kith::projections {

// What relative literals are counted from, and where days begin.
struct Moment {
  std::optional<absl::Time> now;  // nullopt: there is none, and relative literals are refused
  absl::TimeZone zone = absl::UTCTimeZone();
};

// A whole day, or a time within it.
struct TimeLiteral {
  absl::CivilDay day;
  std::optional<absl::Time> time;  // nullopt: the day
};

// InvalidArgument, which says what such a literal looks like.
absl::StatusOr<TimeLiteral> ParseTimeLiteral(absl::string_view text, const Moment& moment,
                                             bool of_days);
// When a day begins in a zone: where it does not have midnight, as soon as it can.
absl::Time BeginningOf(absl::CivilDay day, absl::TimeZone zone);

}  // namespace kith::projections
