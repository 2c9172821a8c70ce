// When the moments of records and the times of schedules come.
#include "projections/workflows/record_moment.h"

#include <gtest/gtest.h>

#include <string>

#include "kith/deals/v1/deal.pb.h"
#include "projections/workflows/time_span.h"
#include "services/core/date.h"
#include "tests/testing/decider_spec.h"

namespace kith::workflows {
namespace {

std::string Shown(std::optional<absl::Time> time) {
  return time.has_value() ? absl::FormatTime("%Y-%m-%dT%H:%MZ", *time, absl::UTCTimeZone())
                          : "never";
}

TEST(RecordMoment, IsCountedFromADayOrATimeOfTheRecord) {
  const auto deal = testing::Proto<deals::v1::Deal>(
      "expected_close_date { year: 2026 month: 4 day: 3 } close_time { seconds: 1780000000 }");
  const absl::TimeZone berlin = *TimeZoneOf("Europe/Berlin");
  const auto moment = [&](const std::string& text) {
    return Shown(MomentOf(testing::Proto<v1::RecordTime>(text), deal, Weekdays(berlin)));
  };
  EXPECT_EQ(moment("field: 'expected_close_date'"), "2026-04-02T22:00Z");
  EXPECT_EQ(moment("field: 'expected_close_date' offset: '-7d' time_of_day: '09:00'"),
            "2026-03-27T08:00Z");
  EXPECT_EQ(moment("field: 'close_time' offset: '30d'"), "2026-06-27T20:26Z");
  EXPECT_EQ(moment("field: 'update_time' offset: '30d'"), "never");
}

TEST(RecordMoment, IsCountedByACalendar) {
  const absl::TimeZone berlin = *TimeZoneOf("Europe/Berlin");
  WorkCalendar calendar;
  calendar.zone = berlin;
  for (int day = 0; day < 5; ++day) calendar.week[day] = {{9 * 3600, 17 * 3600}};
  calendar.days[absl::CivilDay(2026, 4, 3)] = {};  // Good Friday
  calendar.days[absl::CivilDay(2026, 4, 6)] = {};  // Easter Monday
  const auto deal = testing::Proto<deals::v1::Deal>(
      "expected_close_date { year: 2026 month: 4 day: 7 } close_time { seconds: 1775138400 }");
  const auto moment = [&](const std::string& text, const WorkCalendar& by) {
    return Shown(MomentOf(testing::Proto<v1::RecordTime>(text), deal, by));
  };
  const char* const before = "field: 'expected_close_date' offset: '-1bd' time_of_day: '09:00'";
  EXPECT_EQ(moment(before, calendar), "2026-04-02T07:00Z");
  EXPECT_EQ(moment(before, Weekdays(berlin)), "2026-04-06T07:00Z");
  // Thursday 16:00 in Berlin: one hour is left, then it is closed until Tuesday.
  EXPECT_EQ(moment("field: 'close_time' offset: '3bh'", calendar), "2026-04-07T09:00Z");
}

TEST(Schedule, KeepsItsWallTime) {
  const auto weekly = testing::Proto<v1::WorkflowSchedule>(
      "recurrence: 'FREQ=WEEKLY;BYDAY=TU' start_date { year: 2026 month: 3 day: 3 } "
      "time_of_day: '09:00'");
  const absl::TimeZone new_york = *TimeZoneOf("America/New_York");
  const auto next = [&](absl::CivilSecond local) {
    return Shown(NextTime(weekly, absl::FromCivil(local, new_york), new_york));
  };
  EXPECT_EQ(next(absl::CivilSecond(2026, 1, 1)), "2026-03-03T14:00Z");
  EXPECT_EQ(next(absl::CivilSecond(2026, 3, 3, 9, 0, 0)), "2026-03-10T13:00Z");
  EXPECT_EQ(next(absl::CivilSecond(2026, 3, 3, 9, 1, 0)), "2026-03-10T13:00Z");
  EXPECT_EQ(next(absl::CivilSecond(2026, 3, 3, 8, 59, 0)), "2026-03-03T14:00Z");
}

// RE-8: of a local time that comes twice, the first counts, and once.
TEST(Schedule, ComesOnceWhereTheClocksArePutBack) {
  const auto daily = testing::Proto<v1::WorkflowSchedule>(
      "recurrence: 'FREQ=DAILY' start_date { year: 2026 month: 10 day: 24 } time_of_day: '02:30'");
  const absl::TimeZone berlin = *TimeZoneOf("Europe/Berlin");
  absl::Time at = absl::FromCivil(absl::CivilSecond(2026, 10, 24, 12, 0, 0), berlin);
  at = *NextTime(daily, at, berlin);
  EXPECT_EQ(Shown(at), "2026-10-25T00:30Z");
  EXPECT_EQ(Shown(NextTime(daily, at, berlin)), "2026-10-26T01:30Z");
}

// RE-14: the slot of a week comes once, by the clocks of its zone.
TEST(Schedule, ComesOnceInAWeek) {
  const auto next = [](const std::string& time_of_day, absl::CivilSecond local,
                       const std::string& zone_name) {
    const auto weekly = testing::Proto<v1::WorkflowSchedule>(
        absl::StrCat("recurrence: 'FREQ=WEEKLY;BYDAY=MO' start_date { year: 2026 month: 3 day: 2 } "
                     "time_of_day: '",
                     time_of_day, "'"));
    const absl::TimeZone zone = *TimeZoneOf(zone_name);
    return Shown(NextTime(weekly, absl::FromCivil(local, zone), zone));
  };
  EXPECT_EQ(next("09:20", absl::CivilSecond(2026, 3, 2, 9, 21, 0), "UTC"), "2026-03-09T09:20Z");
  EXPECT_EQ(next("09:20", absl::CivilSecond(2026, 3, 2, 9, 30, 0), "UTC"), "2026-03-09T09:20Z");
  EXPECT_EQ(next("01:00", absl::CivilSecond(2026, 3, 1), "Europe/Vilnius"), "2026-03-01T23:00Z");
}

TEST(Schedule, Ends) {
  const auto twice = testing::Proto<v1::WorkflowSchedule>(
      "recurrence: 'FREQ=DAILY;COUNT=2' start_date { year: 2026 month: 3 day: 3 } "
      "time_of_day: '09:00'");
  const absl::TimeZone utc = absl::UTCTimeZone();
  EXPECT_EQ(
      Shown(NextTime(twice, absl::FromCivil(absl::CivilSecond(2026, 3, 3, 9, 0, 0), utc), utc)),
      "2026-03-04T09:00Z");
  EXPECT_EQ(
      Shown(NextTime(twice, absl::FromCivil(absl::CivilSecond(2026, 3, 4, 9, 0, 0), utc), utc)),
      "never");
}

}  // namespace
}  // namespace kith::workflows
