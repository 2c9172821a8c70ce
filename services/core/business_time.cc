#include "services/core/business_time.h"

#include <algorithm>
#include <cstdlib>

#include "services/core/date.h"

namespace kith {
namespace {

constexpr int kDaysMax = 7'305;  // twenty years

struct Interval {
  absl::Time open;
  absl::Time close;
};

// When the clocks show so many seconds after the day's midnight.
absl::Time TimeAt(absl::CivilDay day, int seconds, absl::TimeZone zone) {
  return TimeOf(absl::CivilSecond(day) + seconds, zone);
}

// When a day is open. Where clocks are put forward, a period may end before it begins, or after the
// next one has begun, and a day may not be at all: no moment is in two periods or days.
std::vector<Interval> IntervalsOf(const WorkCalendar& calendar, absl::CivilDay day) {
  std::vector<Interval> intervals;
  const DayPeriods& periods = PeriodsOf(calendar, day);
  if (periods.empty()) return intervals;
  const absl::Time end_of_day = TimeAt(day, kDaySeconds, calendar.zone);
  absl::Time closed_until = TimeAt(day, 0, calendar.zone);
  for (const OpenPeriod& period : periods) {
    const absl::Time open = std::max(TimeAt(day, period.open, calendar.zone), closed_until);
    const absl::Time close = std::min(TimeAt(day, period.close, calendar.zone), end_of_day);
    if (close <= open) continue;
    intervals.push_back({open, close});
    closed_until = close;
  }
  return intervals;
}

std::optional<absl::Time> Forward(const WorkCalendar& calendar, absl::Time start,
                                  absl::Duration amount) {
  absl::CivilDay day = absl::ToCivilDay(start, calendar.zone);
  for (int looked_at = 0; looked_at < kDaysMax; ++looked_at, ++day) {
    for (const Interval& interval : IntervalsOf(calendar, day)) {
      const absl::Time from = std::max(interval.open, start);
      if (interval.close <= from) continue;
      if (amount <= interval.close - from) return from + amount;
      amount -= interval.close - from;
    }
  }
  return std::nullopt;
}

std::optional<absl::Time> Back(const WorkCalendar& calendar, absl::Time start,
                               absl::Duration amount) {
  absl::CivilDay day = absl::ToCivilDay(start, calendar.zone);
  for (int looked_at = 0; looked_at < kDaysMax; ++looked_at, --day) {
    const std::vector<Interval> intervals = IntervalsOf(calendar, day);
    for (auto interval = intervals.rbegin(); interval != intervals.rend(); ++interval) {
      const absl::Time to = std::min(interval->close, start);
      if (to <= interval->open) continue;
      if (amount <= to - interval->open) return to - amount;
      amount -= to - interval->open;
    }
  }
  return std::nullopt;
}

std::optional<absl::CivilDay> NextBusinessDay(const WorkCalendar& calendar, absl::CivilDay day,
                                              int step) {
  for (int looked_at = 0; looked_at < kDaysMax; ++looked_at, day += step) {
    if (IsBusinessDay(calendar, day)) return day;
  }
  return std::nullopt;
}

}  // namespace

const DayPeriods& PeriodsOf(const WorkCalendar& calendar, absl::CivilDay day) {
  const auto single = calendar.days.find(day);
  if (single != calendar.days.end()) return single->second;
  return calendar.week[static_cast<size_t>(absl::GetWeekday(day))];
}

bool IsBusinessDay(const WorkCalendar& calendar, absl::CivilDay day) {
  return !PeriodsOf(calendar, day).empty();
}

std::optional<absl::Time> AddBusinessTime(const WorkCalendar& calendar, absl::Time start,
                                          absl::Duration amount) {
  if (amount == absl::ZeroDuration()) return start;
  return amount > absl::ZeroDuration() ? Forward(calendar, start, amount)
                                       : Back(calendar, start, -amount);
}

std::optional<absl::Duration> BusinessTimeBetween(const WorkCalendar& calendar, absl::Time from,
                                                  absl::Time to) {
  if (to < from) {
    const auto backwards = BusinessTimeBetween(calendar, to, from);
    if (!backwards.has_value()) return std::nullopt;
    return -*backwards;
  }
  const absl::CivilDay last = absl::ToCivilDay(to, calendar.zone);
  absl::CivilDay day = absl::ToCivilDay(from, calendar.zone);
  if (last - day >= kDaysMax) return std::nullopt;
  absl::Duration passed;
  for (; day <= last; ++day) {
    for (const Interval& interval : IntervalsOf(calendar, day)) {
      const absl::Time begins = std::max(interval.open, from);
      const absl::Time ends = std::min(interval.close, to);
      if (begins < ends) passed += ends - begins;
    }
  }
  return passed;
}

std::optional<absl::Time> FirstOpening(const WorkCalendar& calendar, absl::CivilDay day,
                                       absl::TimeZone zone) {
  const DayPeriods& periods = PeriodsOf(calendar, day);
  if (periods.empty()) return std::nullopt;
  return TimeAt(day, periods.front().open, zone);
}

std::optional<absl::CivilDay> RollToBusinessDay(const WorkCalendar& calendar, absl::CivilDay day,
                                                Roll roll) {
  if (roll == Roll::kBack) return NextBusinessDay(calendar, day, -1);
  const std::optional<absl::CivilDay> next = NextBusinessDay(calendar, day, 1);
  const bool is_within = next.has_value() && absl::CivilMonth(*next) == absl::CivilMonth(day);
  if (roll == Roll::kForward || is_within) return next;
  return NextBusinessDay(calendar, day, -1);
}

std::optional<absl::CivilDay> AddBusinessDays(const WorkCalendar& calendar, absl::CivilDay day,
                                              int64_t count, Roll roll) {
  if (count > kDaysMax || count < -kDaysMax) return std::nullopt;
  const absl::CivilDay first = day;
  std::optional<absl::CivilDay> at = RollToBusinessDay(calendar, day, roll);
  const int step = count < 0 ? -1 : 1;
  for (int64_t left = std::abs(count); left > 0 && at.has_value(); --left) {
    at = NextBusinessDay(calendar, *at + step, step);
    if (at.has_value() && std::abs(*at - first) > kDaysMax) return std::nullopt;
  }
  return at;
}

}  // namespace kith
