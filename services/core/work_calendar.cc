#include "services/core/work_calendar.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/core/date.h"
#include "services/core/reject.h"

namespace kith {
namespace {

using business_calendars::v1::BusinessCalendar;
using business_calendars::v1::DayPeriod;
using business_calendars::v1::SpecialDay;
using business_calendars::v1::Weekday;
using business_calendars::v1::Weekday_Name;
using business_calendars::v1::WeeklyPeriod;

// Of a weekly period or of one of a day. Times of day that are none, which field rules refuse, come
// to an empty one.
template <class Period>
OpenPeriod OpenPeriodOf(const Period& period) {
  return {DaySecondsOf(period.start()).value_or(0), DaySecondsOf(period.end()).value_or(0)};
}

bool Overlap(const OpenPeriod& a, const OpenPeriod& b) {
  return a.open < b.close && b.open < a.close;
}

size_t IndexOf(int weekday) {
  return static_cast<size_t>(weekday - business_calendars::v1::MONDAY);
}

template <class Period>
void CheckOrder(const std::string& field, const Period& period,
                google::rpc::BadRequest& violations) {
  const OpenPeriod open = OpenPeriodOf(period);
  if (open.close > open.open) return;
  AddViolation(absl::StrCat(field, ".end"),
               "must be later on the same day than start; a night is two periods", violations);
}

bool IsOn(const WeeklyPeriod& period, int weekday) {
  return std::find(period.weekdays().begin(), period.weekdays().end(), weekday) !=
         period.weekdays().end();
}

// What the period at `index` has in common with one before it.
void CheckApart(const BusinessCalendar& calendar, int index, const std::string& field,
                google::rpc::BadRequest& violations) {
  const WeeklyPeriod& period = calendar.periods(index);
  for (int other = 0; other < index; ++other) {
    if (!Overlap(OpenPeriodOf(period), OpenPeriodOf(calendar.periods(other)))) continue;
    for (const int weekday : period.weekdays()) {
      if (!IsOn(calendar.periods(other), weekday)) continue;
      AddViolation(field,
                   absl::StrCat("has a moment in common with periods[", other, "] on ",
                                Weekday_Name(static_cast<Weekday>(weekday))),
                   violations);
      return;
    }
  }
}

void CheckPeriod(const BusinessCalendar& calendar, int index, google::rpc::BadRequest& violations) {
  const WeeklyPeriod& period = calendar.periods(index);
  const std::string field = absl::StrCat("business_calendar.periods[", index, "]");
  const std::string weekdays = absl::StrCat(field, ".weekdays");
  AddRepeats(weekdays, period.weekdays(), violations);
  for (int i = 0; i < period.weekdays_size(); ++i) {
    if (period.weekdays(i) != business_calendars::v1::WEEKDAY_UNSPECIFIED) continue;
    AddViolation(absl::StrCat(weekdays, "[", i, "]"), "must be a day of the week", violations);
  }
  CheckOrder(field, period, violations);
  CheckApart(calendar, index, field, violations);
}

void CheckSpecialDay(const BusinessCalendar& calendar, int index,
                     const std::set<absl::CivilDay>& taken, google::rpc::BadRequest& violations) {
  const SpecialDay& day = calendar.special_days(index);
  const std::string field = absl::StrCat("business_calendar.special_days[", index, "]");
  if (taken.contains(CivilDayOf(day.date()))) {
    AddViolation(absl::StrCat(field, ".date"), "is a holiday, or a special day already",
                 violations);
  }
  for (int i = 0; i < day.periods_size(); ++i) {
    const std::string period = absl::StrCat(field, ".periods[", i, "]");
    CheckOrder(period, day.periods(i), violations);
    for (int other = 0; other < i; ++other) {
      if (!Overlap(OpenPeriodOf(day.periods(i)), OpenPeriodOf(day.periods(other)))) continue;
      AddViolation(period, absl::StrCat("has a moment in common with periods[", other, "]"),
                   violations);
      break;
    }
  }
}

void Sort(DayPeriods& periods) {
  std::sort(periods.begin(), periods.end(),
            [](const OpenPeriod& a, const OpenPeriod& b) { return a.open < b.open; });
}

}  // namespace

absl::Status CheckBusinessCalendar(const BusinessCalendar& calendar) {
  google::rpc::BadRequest violations;
  for (int i = 0; i < calendar.periods_size(); ++i) CheckPeriod(calendar, i, violations);
  std::set<absl::CivilDay> taken;
  for (const auto& holiday : calendar.holidays()) taken.insert(CivilDayOf(holiday.date()));
  for (int i = 0; i < calendar.special_days_size(); ++i) {
    CheckSpecialDay(calendar, i, taken, violations);
    taken.insert(CivilDayOf(calendar.special_days(i).date()));
  }
  return RejectFields(violations);
}

WorkCalendar WorkCalendarOf(const BusinessCalendar& calendar) {
  WorkCalendar work{.zone = TimeZoneOf(calendar.time_zone()).value_or(absl::UTCTimeZone())};
  for (const WeeklyPeriod& period : calendar.periods()) {
    for (const int weekday : period.weekdays()) {
      work.week[IndexOf(weekday)].push_back(OpenPeriodOf(period));
    }
  }
  for (DayPeriods& periods : work.week) Sort(periods);
  for (const SpecialDay& day : calendar.special_days()) {
    DayPeriods& periods = work.days[CivilDayOf(day.date())];
    for (const DayPeriod& period : day.periods()) periods.push_back(OpenPeriodOf(period));
    Sort(periods);
  }
  for (const auto& holiday : calendar.holidays()) work.days[CivilDayOf(holiday.date())].clear();
  return work;
}

}  // namespace kith
