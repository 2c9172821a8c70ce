#include "services/core/business_time.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "services/core/date.h"

namespace kith {
namespace {

absl::TimeZone Zone(absl::string_view name) { return *TimeZoneOf(name); }

DayPeriods Hours(std::initializer_list<std::pair<double, double>> hours) {
  DayPeriods periods;
  for (const auto& [open, close] : hours) {
    periods.push_back({static_cast<int>(open * 3'600), static_cast<int>(close * 3'600)});
  }
  return periods;
}

// Monday to Friday.
WorkCalendar Weekdays(absl::string_view zone,
                      std::initializer_list<std::pair<double, double>> hours) {
  WorkCalendar calendar{.zone = Zone(zone)};
  for (size_t day = 0; day < 5; ++day) calendar.week[day] = Hours(hours);
  return calendar;
}

WorkCalendar EveryDay(absl::string_view zone, double open, double close) {
  WorkCalendar calendar = Weekdays(zone, {{open, close}});
  calendar.week[5] = calendar.week[6] = calendar.week[0];
  return calendar;
}

void Close(WorkCalendar& calendar, absl::CivilDay day) { calendar.days[day] = {}; }

// "2021-06-28 11:00" of the calendar, or with a Z of UTC.
absl::Time At(absl::string_view text, absl::TimeZone zone) {
  absl::Time time;
  std::string error;
  const bool is_utc = text.back() == 'Z';
  if (is_utc) text.remove_suffix(1);
  EXPECT_TRUE(absl::ParseTime(text.size() > 16 ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d %H:%M", text,
                              is_utc ? absl::UTCTimeZone() : zone, &time, &error))
      << text << ": " << error;
  return time;
}

std::string Shown(std::optional<absl::Time> time, absl::TimeZone zone) {
  return time.has_value() ? absl::FormatTime("%Y-%m-%d %H:%M:%S", *time, zone) : "never";
}

void ExpectAdds(const WorkCalendar& calendar, absl::string_view start, absl::Duration amount,
                absl::string_view due) {
  EXPECT_EQ(Shown(AddBusinessTime(calendar, At(start, calendar.zone), amount), calendar.zone),
            Shown(At(due, calendar.zone), calendar.zone))
      << start << " + " << amount;
}

void ExpectPasses(const WorkCalendar& calendar, absl::string_view from, absl::string_view to,
                  int64_t seconds) {
  EXPECT_EQ(BusinessTimeBetween(calendar, At(from, calendar.zone), At(to, calendar.zone)),
            absl::Seconds(seconds))
      << from << " to " << to;
  EXPECT_EQ(BusinessTimeBetween(calendar, At(to, calendar.zone), At(from, calendar.zone)),
            absl::Seconds(-seconds))
      << "back, " << from << " to " << to;
}

// BT-1.
TEST(BusinessTimeBetween, CountsOpenSecondsOnly) {
  const WorkCalendar calendar = Weekdays("UTC", {{10, 18}});
  ExpectPasses(calendar, "2021-06-28 11:00", "2021-06-28 12:00", 3'600);
  ExpectPasses(calendar, "2021-06-28 12:00", "2021-06-28 20:00", 21'600);
  ExpectPasses(calendar, "2021-06-28 06:00", "2021-06-28 12:00", 7'200);
  ExpectPasses(calendar, "2021-06-28 06:00", "2021-06-29 06:00", 28'800);
  ExpectPasses(calendar, "2021-06-28 06:00", "2021-06-29 20:00", 57'600);
  ExpectPasses(calendar, "2021-06-25 06:00", "2021-06-26 11:00", 28'800);
  ExpectPasses(calendar, "2021-06-28 12:00", "2021-06-29 11:00", 25'200);
  ExpectPasses(calendar, "2021-06-28 20:00", "2021-06-29 11:00", 3'600);
  ExpectPasses(calendar, "2021-06-28 06:00", "2021-07-01 11:00", 90'000);
  ExpectPasses(calendar, "2021-06-28 12:00", "2021-07-01 06:00", 79'200);
  ExpectPasses(calendar, "2021-06-28 12:00", "2021-07-01 20:00", 108'000);
  ExpectPasses(calendar, "2021-06-25 12:00", "2021-06-27 11:00", 21'600);
  ExpectPasses(calendar, "2021-06-28 20:00", "2021-07-01 20:00", 86'400);
}

// BT-2.
TEST(BusinessTimeBetween, IsNothingOutsideHours) {
  const WorkCalendar calendar = Weekdays("UTC", {{10, 18}});
  ExpectPasses(calendar, "2021-06-28 19:00", "2021-06-28 20:00", 0);
  ExpectPasses(calendar, "2021-06-27 10:00", "2021-06-27 11:00", 0);
}

TEST(BusinessTimeBetween, IsUnknownOverDecades) {
  const WorkCalendar calendar = Weekdays("UTC", {{10, 18}});
  EXPECT_EQ(
      BusinessTimeBetween(calendar, absl::UnixEpoch(), At("2021-06-28 10:00Z", calendar.zone)),
      std::nullopt);
}

// BT-23.
TEST(BusinessTimeBetween, CountsWhatClockChangesMake) {
  const WorkCalendar nights = EveryDay("Europe/Berlin", 1, 4);
  ExpectPasses(nights, "2026-03-29 00:00", "2026-03-30 00:00", 2 * 3'600);
  ExpectPasses(nights, "2026-10-25 00:00", "2026-10-26 00:00", 4 * 3'600);
  ExpectPasses(nights, "2026-10-26 00:00", "2026-10-27 00:00", 3 * 3'600);
}

TEST(BusinessTimeBetween, CountsNoMomentTwiceWherePeriodsEndInAGap) {
  WorkCalendar calendar = EveryDay("Europe/Berlin", 1, 2.5);
  for (DayPeriods& periods : calendar.week) periods.push_back({3 * 3'600, 4 * 3'600});
  // 01:00 to 04:00 has two hours that day, and all of them are open.
  ExpectPasses(calendar, "2026-03-29 00:00", "2026-03-30 00:00", 2 * 3'600);
}

TEST(BusinessTimeBetween, CountsNoDayThatAZoneSkipped) {
  const WorkCalendar calendar = EveryDay("Pacific/Apia", 9, 17);
  ExpectPasses(calendar, "2011-12-29 00:00", "2012-01-01 00:00", 2 * 8 * 3'600);
}

// BT-24.
TEST(BusinessTimeBetween, TakesSpecialDaysInsteadOfTheWeek) {
  WorkCalendar calendar = Weekdays("UTC", {{9, 13}, {14, 17}});
  calendar.days[absl::CivilDay(2022, 1, 5)] = Hours({{10.5, 15.5}});
  calendar.days[absl::CivilDay(2022, 1, 9)] = Hours({{10.5, 15.5}});
  Close(calendar, absl::CivilDay(2022, 1, 6));
  Close(calendar, absl::CivilDay(2022, 1, 10));
  ExpectPasses(calendar, "2022-01-02 00:00", "2022-01-17 00:00", 59 * 3'600);
  ExpectAdds(calendar, "2022-01-05 09:00", absl::Hours(12), "2022-01-07 17:00");
  ExpectAdds(calendar, "2022-01-07 16:00", absl::Hours(6), "2022-01-09 15:30");
  ExpectAdds(calendar, "2022-01-07 16:00", absl::Hours(7), "2022-01-11 10:00");
}

// BT-4.
TEST(AddBusinessTime, WaitsForOpeningHours) {
  const WorkCalendar calendar = Weekdays("UTC", {{9, 17}});
  ExpectAdds(calendar, "2024-01-17 10:00", absl::Hours(2), "2024-01-17 12:00");
  ExpectAdds(calendar, "2024-01-17 07:00", absl::Hours(2), "2024-01-17 11:00");
  ExpectAdds(calendar, "2024-01-17 18:00", absl::Hours(2), "2024-01-18 11:00");
  ExpectAdds(calendar, "2024-01-19 16:00", absl::Hours(2), "2024-01-22 10:00");
  ExpectAdds(calendar, "2024-01-20 10:00", absl::Hours(2), "2024-01-22 11:00");
  ExpectAdds(calendar, "2024-01-15 16:00", absl::Hours(10), "2024-01-17 10:00");
}

// BT-5.
TEST(AddBusinessTime, StaysOnTheClosingInstant) {
  WorkCalendar calendar = Weekdays("UTC", {{9, 17}});
  calendar.week[1] = Hours({{9, 20}});
  ExpectAdds(calendar, "2024-01-15 18:00", absl::Hours(10), "2024-01-16 19:00");
  ExpectAdds(calendar, "2024-01-15 16:00", absl::Hours(12), "2024-01-16 20:00");
  calendar.week[5] = Hours({{0, 24}});
  ExpectAdds(calendar, "2024-01-20 00:00", absl::Hours(24), "2024-01-21 00:00");
}

TEST(AddBusinessTime, OfNoTimeIsWhereItBegan) {
  const WorkCalendar calendar = Weekdays("UTC", {{9, 17}});
  ExpectAdds(calendar, "2024-01-20 10:00", absl::ZeroDuration(), "2024-01-20 10:00");
}

// BT-6.
TEST(AddBusinessTime, IsNeverWhereNothingOpens) {
  WorkCalendar calendar{.zone = Zone("UTC")};
  const absl::Time start = At("2024-01-15 10:00", calendar.zone);
  EXPECT_EQ(AddBusinessTime(calendar, start, absl::Seconds(1)), std::nullopt);
  EXPECT_EQ(AddBusinessTime(calendar, start, absl::Seconds(-1)), std::nullopt);
  calendar.days[absl::CivilDay(2024, 3, 1)] = Hours({{9, 10}});
  ExpectAdds(calendar, "2024-01-15 10:00", absl::Hours(1), "2024-03-01 10:00");
  EXPECT_EQ(AddBusinessTime(calendar, start, absl::Hours(2)), std::nullopt);
}

// BT-7.
TEST(AddBusinessTime, IsOfTheCalendarsZone) {
  const WorkCalendar calendar = Weekdays("Europe/Berlin", {{8, 18}});
  ExpectAdds(calendar, "2013-03-21 09:30Z", absl::Minutes(60), "2013-03-21 10:30Z");
  ExpectAdds(calendar, "2013-03-21 09:30Z", absl::Minutes(120), "2013-03-21 11:30Z");
  ExpectAdds(calendar, "2013-03-21 09:30Z", absl::Minutes(180), "2013-03-21 12:30Z");
  ExpectPasses(calendar, "2013-03-21 09:30Z", "2013-03-21 10:00Z", 30 * 60);
  ExpectPasses(calendar, "2013-03-21 09:30Z", "2013-03-21 14:00Z", 270 * 60);
  ExpectPasses(calendar, "2013-03-21 09:30Z", "2013-03-21 11:30Z", 120 * 60);
  ExpectPasses(calendar, "2013-03-21 09:30Z", "2013-03-21 13:00Z", 210 * 60);
}

// BT-8 and BT-9.
TEST(AddBusinessTime, PassesOverHolidays) {
  WorkCalendar calendar = Weekdays("Europe/Berlin", {{9, 17}});
  ExpectAdds(calendar, "2013-10-21 09:30Z", absl::Minutes(120), "2013-10-21 11:30Z");
  ExpectAdds(calendar, "2013-10-21 09:30Z", absl::Minutes(240), "2013-10-21 13:30Z");
  ExpectAdds(calendar, "2013-10-21 05:30Z", absl::Minutes(120), "2013-10-21 09:00Z");
  ExpectAdds(calendar, "2013-10-21 05:30Z", absl::Minutes(240), "2013-10-21 11:00Z");
  Close(calendar, absl::CivilDay(2015, 9, 22));
  ExpectAdds(calendar, "2015-09-21 14:30Z", absl::Minutes(120), "2015-09-23 08:30Z");
  ExpectAdds(calendar, "2015-09-21 14:30Z", absl::Minutes(240), "2015-09-23 10:30Z");
  calendar = Weekdays("Europe/Berlin", {{8, 20}});
  Close(calendar, absl::CivilDay(2016, 11, 1));
  ExpectAdds(calendar, "2016-11-01 13:56:21Z", absl::Minutes(120), "2016-11-02 09:00:00Z");
  ExpectAdds(calendar, "2016-11-01 13:56:21Z", absl::Minutes(1'200), "2016-11-03 15:00:00Z");
  ExpectAdds(calendar, "2016-11-07 13:26:36Z", absl::Minutes(1'200), "2016-11-09 09:26:36Z");
}

// BT-10 and BT-11, what of them is time: what is due moves by what passes on hold.
TEST(AddBusinessTime, IsMovedByWhatPassesOnHold) {
  const WorkCalendar calendar = EveryDay("Europe/Berlin", 9, 18);
  const auto passes = [&](absl::string_view from, absl::string_view to) {
    return *BusinessTimeBetween(calendar, At(from, calendar.zone), At(to, calendar.zone));
  };
  const absl::Duration pending = passes("2013-06-04 09:30Z", "2013-06-04 09:45Z");
  const absl::Duration closed = passes("2013-06-04 10:00Z", "2013-06-04 10:30Z");
  ExpectAdds(calendar, "2013-06-04 09:00Z", absl::Minutes(120) + pending + closed,
             "2013-06-04 11:45Z");
  EXPECT_EQ(passes("2013-06-04 09:00Z", "2013-06-04 10:45Z") - closed, absl::Minutes(75));
  EXPECT_EQ(passes("2013-06-04 09:00Z", "2013-06-04 12:00Z") - closed, absl::Minutes(150));
  EXPECT_EQ(passes("2013-06-04 10:30Z", "2013-06-04 11:00Z"), absl::Minutes(30));
  EXPECT_EQ(passes("2013-06-04 10:30Z", "2013-06-04 11:00Z") +
                passes("2013-06-04 11:30Z", "2013-06-04 12:00Z"),
            absl::Minutes(60));
}

// BT-12 to BT-15.
TEST(AddBusinessTime, MakesTheDuesOfAServiceDesk) {
  // 2024-01-15 is a Monday.
  WorkCalendar calendar = Weekdays("UTC", {{10, 18}});
  ExpectAdds(calendar, "2024-01-15 08:00", absl::Hours(1), "2024-01-15 11:00");
  ExpectAdds(calendar, "2024-01-15 08:00", absl::Hours(4), "2024-01-15 14:00");
  ExpectAdds(calendar, "2024-01-15 20:00", absl::Minutes(30), "2024-01-16 10:30");
  ExpectAdds(calendar, "2024-01-15 20:00", absl::Hours(2), "2024-01-16 12:00");
  ExpectAdds(calendar, "2024-01-19 17:00", absl::Minutes(30), "2024-01-19 17:30");
  ExpectAdds(calendar, "2024-01-19 17:00", absl::Hours(2), "2024-01-22 11:00");
  ExpectAdds(calendar, "2024-01-19 19:00", absl::Hours(1), "2024-01-22 11:00");
  ExpectAdds(calendar, "2024-01-19 19:00", absl::Hours(4), "2024-01-22 14:00");
  ExpectAdds(calendar, "2024-01-20 15:00", absl::Hours(24), "2024-01-24 18:00");
  ExpectAdds(calendar, "2024-01-20 15:00", absl::Hours(72), "2024-02-01 18:00");
  // On hold for so long, what is due moves by as much.
  ExpectAdds(calendar, "2024-01-18 15:00", absl::Hours(2) + absl::Seconds(3'600),
             "2024-01-18 18:00");
  ExpectAdds(calendar, "2024-01-18 15:00", absl::Hours(2) + absl::Seconds(3'601),
             "2024-01-19 10:00:01");
  // Before it opens nothing passes: a hold then moves nothing.
  ExpectPasses(calendar, "2024-01-18 04:15", "2024-01-18 05:00", 0);
  Close(calendar, absl::CivilDay(2024, 1, 19));
  ExpectPasses(calendar, "2024-01-18 17:50", "2024-01-22 12:30", 160 * 60);
  ExpectPasses(calendar, "2024-01-18 17:30", "2024-01-22 13:00", 210 * 60);
  Close(calendar, absl::CivilDay(2024, 1, 18));
  ExpectAdds(calendar, "2024-01-18 15:00", absl::Minutes(30), "2024-01-22 10:30");
  ExpectAdds(calendar, "2024-01-18 15:00", absl::Hours(2), "2024-01-22 12:00");
}

// BT-22.
TEST(AddBusinessTime, PassesOverTheBreakOfADay) {
  const WorkCalendar calendar = Weekdays("Europe/Paris", {{9, 12}, {13.5, 18}});
  ExpectAdds(calendar, "2026-03-06 11:30", absl::Hours(1), "2026-03-06 14:00");
  ExpectAdds(calendar, "2026-03-06 12:15", absl::Minutes(30), "2026-03-06 14:00");
}

// BT-23.
TEST(AddBusinessTime, CountsSecondsThatPassWhereClocksChange) {
  const WorkCalendar new_york = Weekdays("America/New_York", {{9, 17}});
  ExpectAdds(new_york, "2026-03-06 16:00", absl::Hours(2), "2026-03-09 14:00Z");
  ExpectAdds(new_york, "2026-10-30 16:00", absl::Hours(2), "2026-11-02 15:00Z");
  const WorkCalendar always = EveryDay("Europe/Berlin", 0, 24);
  ExpectAdds(always, "2026-03-28 12:00", absl::Hours(24), "2026-03-29 11:00Z");
  ExpectAdds(always, "2026-03-28 12:00", absl::Hours(24), "2026-03-29 13:00");
}

// BT-25.
TEST(AddBusinessTime, CountsBackForAWarning) {
  const WorkCalendar calendar = Weekdays("UTC", {{8, 18}});
  ExpectAdds(calendar, "2024-01-15 17:00", absl::Hours(4), "2024-01-16 11:00");
  ExpectAdds(calendar, "2024-01-16 11:00", absl::Hours(-1), "2024-01-16 10:00");
  ExpectAdds(calendar, "2024-01-16 11:00", absl::Hours(-3), "2024-01-16 08:00");
  ExpectAdds(calendar, "2024-01-16 11:00", absl::Hours(-4), "2024-01-15 17:00");
  ExpectAdds(calendar, "2024-01-15 09:00", absl::Hours(-2), "2024-01-12 17:00");
}

TEST(AddBusinessTime, IsUndoneByCountingBackWithinOpeningHours) {
  const WorkCalendar calendar = Weekdays("Europe/Berlin", {{9, 12}, {13.5, 18}});
  const absl::Time start = At("2026-03-26 10:07", calendar.zone);
  for (int minutes = 1; minutes < 3'000; minutes += 7) {
    const auto due = AddBusinessTime(calendar, start, absl::Minutes(minutes));
    ASSERT_TRUE(due.has_value());
    EXPECT_EQ(BusinessTimeBetween(calendar, start, *due), absl::Minutes(minutes));
    EXPECT_EQ(AddBusinessTime(calendar, *due, absl::Minutes(-minutes)), start);
  }
}

// RE-10 and RE-11.
TEST(AddBusinessDays, CountsOverHolidays) {
  WorkCalendar calendar = Weekdays("UTC", {{9, 17}});
  const auto add = [&](absl::CivilDay day, int64_t count) {
    return AddBusinessDays(calendar, day, count, Roll::kForward);
  };
  EXPECT_EQ(add(absl::CivilDay(2006, 2, 1), 25), absl::CivilDay(2006, 3, 8));
  EXPECT_EQ(add(absl::CivilDay(2006, 3, 8), -25), absl::CivilDay(2006, 2, 1));
  EXPECT_EQ(add(absl::CivilDay(2026, 3, 6), 3), absl::CivilDay(2026, 3, 11));
  EXPECT_EQ(absl::CivilDay(2026, 3, 6) + 3, absl::CivilDay(2026, 3, 9));
  Close(calendar, absl::CivilDay(2011, 11, 11));
  Close(calendar, absl::CivilDay(2011, 11, 11));
  EXPECT_EQ(add(absl::CivilDay(2011, 11, 10), 1), absl::CivilDay(2011, 11, 14));
  EXPECT_EQ(add(absl::CivilDay(2011, 11, 4), 5), absl::CivilDay(2011, 11, 14));
  EXPECT_EQ(add(absl::CivilDay(2011, 11, 14), -1), absl::CivilDay(2011, 11, 10));
  EXPECT_EQ(add(absl::CivilDay(2011, 11, 18), -5), absl::CivilDay(2011, 11, 10));
}

TEST(AddBusinessDays, RollsAStartThatIsNone) {
  const WorkCalendar calendar = Weekdays("UTC", {{9, 17}});
  const absl::CivilDay saturday(2026, 3, 7);
  EXPECT_EQ(AddBusinessDays(calendar, saturday, 1, Roll::kBack), absl::CivilDay(2026, 3, 9));
  EXPECT_EQ(AddBusinessDays(calendar, saturday, 1, Roll::kForward), absl::CivilDay(2026, 3, 10));
}

TEST(AddBusinessDays, EndsSomewhere) {
  const WorkCalendar never;
  EXPECT_EQ(AddBusinessDays(never, absl::CivilDay(2026, 3, 7), 1, Roll::kForward), std::nullopt);
  const WorkCalendar calendar = Weekdays("UTC", {{9, 17}});
  const absl::CivilDay day(2026, 3, 9);
  EXPECT_EQ(AddBusinessDays(calendar, day, 1'000'000'000, Roll::kForward), std::nullopt);
  EXPECT_EQ(AddBusinessDays(calendar, day, -7'000, Roll::kForward), std::nullopt);
  EXPECT_TRUE(AddBusinessDays(calendar, day, -5'000, Roll::kForward).has_value());
}

// RE-11.
TEST(RollToBusinessDay, StaysInTheMonthWhereAsked) {
  const WorkCalendar calendar = Weekdays("UTC", {{9, 17}});
  const absl::CivilDay sunday(2010, 8, 1);
  EXPECT_EQ(RollToBusinessDay(calendar, sunday, Roll::kForward), absl::CivilDay(2010, 8, 2));
  EXPECT_EQ(RollToBusinessDay(calendar, sunday, Roll::kBack), absl::CivilDay(2010, 7, 30));
  const absl::CivilDay saturday(2010, 10, 30);
  EXPECT_EQ(RollToBusinessDay(calendar, saturday, Roll::kModifiedForward),
            absl::CivilDay(2010, 10, 29));
  EXPECT_EQ(RollToBusinessDay(calendar, sunday, Roll::kModifiedForward),
            absl::CivilDay(2010, 8, 2));
}

// RE-13.
TEST(FirstOpening, IsALocalTimeOfWhoAsks) {
  WorkCalendar calendar = Weekdays("Europe/Berlin", {{8.5, 12}, {13, 17}});
  const absl::CivilDay day(2026, 3, 6);
  EXPECT_EQ(FirstOpening(calendar, day, Zone("America/New_York")),
            At("2026-03-06 08:30", Zone("America/New_York")));
  Close(calendar, day);
  EXPECT_EQ(FirstOpening(calendar, day, Zone("America/New_York")), std::nullopt);
}

}  // namespace
}  // namespace kith
