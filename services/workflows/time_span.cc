#include "services/workflows/time_span.h"

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace kith::workflows {
namespace {

constexpr int kAmountMax = 100'000;

bool IsWeekend(absl::CivilDay day) {
  const absl::Weekday weekday = absl::GetWeekday(day);
  return weekday == absl::Weekday::saturday || weekday == absl::Weekday::sunday;
}

absl::CivilDay AddBusinessDays(absl::CivilDay day, int count) {
  const int step = count < 0 ? -1 : 1;
  // Whole weeks at once; the rest is less than a week.
  constexpr int kBusinessDaysOfWeek = 5;
  constexpr int kDaysOfWeek = 7;
  day += count / kBusinessDaysOfWeek * kDaysOfWeek;
  for (int left = std::abs(count % kBusinessDaysOfWeek); left > 0;) {
    day += step;
    if (!IsWeekend(day)) --left;
  }
  while (count != 0 && IsWeekend(day)) day += step;
  return day;
}

}  // namespace

absl::StatusOr<TimeSpan> ParseTimeSpan(absl::string_view text) {
  const auto malformed = [&] {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", text, "\" is no time span: write 30m, 12h, 3d, 2w or 3bd, and -3d for before"));
  };
  absl::string_view rest = text;
  size_t digits = !rest.empty() && rest.front() == '-' ? 1 : 0;
  while (digits < rest.size() && absl::ascii_isdigit(rest[digits])) ++digits;
  int amount = 0;
  if (!absl::SimpleAtoi(rest.substr(0, digits), &amount) || std::abs(amount) > kAmountMax) {
    return malformed();
  }
  const absl::string_view unit = rest.substr(digits);
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
  } else if (unit == "bd") {
    span.business_days = amount;
  } else {
    return malformed();
  }
  return span;
}

absl::CivilDay Add(absl::CivilDay from, const TimeSpan& span) {
  return AddBusinessDays(from + span.days, span.business_days);
}

absl::Time Add(absl::Time from, const TimeSpan& span, absl::TimeZone zone) {
  if (span.days == 0 && span.business_days == 0) return from + span.exact;
  const absl::TimeZone::CivilInfo at = zone.At(from);
  const absl::CivilDay day = Add(absl::CivilDay(at.cs), span);
  const absl::CivilSecond then(day.year(), day.month(), day.day(), at.cs.hour(), at.cs.minute(),
                               at.cs.second());
  const absl::TimeZone::TimeInfo info = zone.At(then);
  return (info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre) + at.subsecond +
         span.exact;
}

}  // namespace kith::workflows
