#include "projections/tables/time_period.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace kith::projections {
namespace {

// A part of the calendar's year of so many months, which divide it; that of the day, or as many
// parts later.
TimePeriod MonthsOf(absl::CivilDay day, int span, int periods_later) {
  const int first_month = (day.month() - 1) / span * span + 1;
  const absl::CivilMonth first = absl::CivilMonth(day.year(), first_month) + span * periods_later;
  return {absl::CivilDay(first), absl::CivilDay(first + span) - 1};
}

TimePeriod WeekOf(absl::CivilDay day, int weeks_later) {
  const absl::CivilDay monday = absl::PrevWeekday(day + 1, absl::Weekday::monday) + 7 * weeks_later;
  return {monday, monday + 6};
}

// How much later the period is than that of today; nullopt where it says neither.
std::optional<int> TakeTense(absl::string_view* text) {
  if (absl::ConsumePrefix(text, "this_")) return 0;
  if (absl::ConsumePrefix(text, "last_")) return -1;
  if (absl::ConsumePrefix(text, "next_")) return 1;
  return std::nullopt;
}

std::optional<TimePeriod> PeriodOf(absl::string_view text, absl::CivilDay today) {
  if (text == "yesterday") return TimePeriod{today - 1, today - 1};
  if (text == "tomorrow") return TimePeriod{today + 1, today + 1};
  const std::optional<int> later = TakeTense(&text);
  if (!later.has_value()) return std::nullopt;
  if (text == "week") return WeekOf(today, *later);
  if (text == "month") return MonthsOf(today, 1, *later);
  if (text == "quarter") return MonthsOf(today, 3, *later);
  if (text == "year") return MonthsOf(today, 12, *later);
  return std::nullopt;
}

}  // namespace

absl::StatusOr<std::optional<TimePeriod>> ParseTimePeriod(absl::string_view text,
                                                          const Moment& moment) {
  const absl::CivilDay today =
      moment.now.has_value() ? absl::ToCivilDay(*moment.now, moment.zone) : absl::CivilDay();
  const std::optional<TimePeriod> period = PeriodOf(text, today);
  if (period.has_value() && !moment.now.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is relative, and there is no moment to count from"));
  }
  absl::string_view rest = text;
  if (!period.has_value() && TakeTense(&rest).has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text,
                     "\" is no period: there are yesterday, tomorrow, and this_, last_ and next_ "
                     "with week, month, quarter or year"));
  }
  return period;
}

}  // namespace kith::projections
