// Periods, as filters have them: days in a row, relative to the day of the list.
//
//   yesterday, tomorrow                        a day
//   this_week, last_week, next_week            from Monday to Sunday
//   this_month, this_quarter, this_year        of the calendar; last_ and next_ alike
//
// Pure; any thread.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "projections/tables/time_literal.h"

namespace kith::projections {

struct TimePeriod {
  absl::CivilDay first;
  absl::CivilDay last;
};

// nullopt where the text is no such word; InvalidArgument where it is, and there is no moment to
// count from, or a word like it is meant.
absl::StatusOr<std::optional<TimePeriod>> ParseTimePeriod(absl::string_view text,
                                                          const Moment& moment);

}  // namespace kith::projections
