#include "projections/workflows/time_span.h"

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace kith::workflows {
namespace {

constexpr int kAmountMax = 100'000;
// So many days of a week of five are within twenty years.
constexpr int kBusinessDaysMax = 5'000;

}  // namespace

absl::StatusOr<TimeSpan> ParseTimeSpan(absl::string_view text) {
  const auto malformed = [&] {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", text, "\" is no time span: write 30m, 12h, 3d, 2w, 3bd or 8bh, and -3d for before"));
  };
  size_t digits = !text.empty() && text.front() == '-' ? 1 : 0;
  while (digits < text.size() && absl::ascii_isdigit(text[digits])) ++digits;
  int amount = 0;
  if (!absl::SimpleAtoi(text.substr(0, digits), &amount) || std::abs(amount) > kAmountMax) {
    return malformed();
  }
  const absl::string_view unit = text.substr(digits);
  TimeSpan span;
  if (unit == "s") {
    span.exact = absl::Seconds(amount);
  } else if (unit == "m") {
    span.exact = absl::Minutes(amount);
  } else if (unit == "h") {
    span.exact = absl::Hours(amount);
  } else if (unit == "d") {
    span.days = amount;
  } else if (unit == "w") {
    span.days = amount * 7;
  } else if (unit == "bd" && std::abs(amount) <= kBusinessDaysMax) {
    span.business_days = amount;
  } else if (unit == "bh") {
    span.open_time = absl::Hours(amount);
  } else {
    return malformed();
  }
  return span;
}

WorkCalendar Weekdays(absl::TimeZone zone) {
  WorkCalendar calendar{.zone = zone};
  constexpr size_t kFriday = 4;
  for (size_t day = 0; day <= kFriday; ++day) calendar.week[day] = {{0, kDaySeconds}};
  return calendar;
}

std::optional<absl::CivilDay> Add(absl::CivilDay from, const TimeSpan& span,
                                  const WorkCalendar& calendar) {
  const absl::CivilDay day = from + span.days;
  if (span.business_days == 0) return day;
  return AddBusinessDays(calendar, day, span.business_days,
                         span.business_days > 0 ? Roll::kBack : Roll::kForward);
}

std::optional<absl::Time> Add(absl::Time from, const TimeSpan& span, const WorkCalendar& calendar) {
  absl::Time time = from;
  if (span.days != 0 || span.business_days != 0) {
    const absl::TimeZone::CivilInfo at = calendar.zone.At(from);
    const auto day = Add(absl::CivilDay(at.cs), span, calendar);
    if (!day.has_value()) return std::nullopt;
    const absl::CivilSecond then(day->year(), day->month(), day->day(), at.cs.hour(),
                                 at.cs.minute(), at.cs.second());
    const absl::TimeZone::TimeInfo info = calendar.zone.At(then);
    time = (info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre) + at.subsecond;
  }
  return AddBusinessTime(calendar, time + span.exact, span.open_time);
}

}  // namespace kith::workflows
