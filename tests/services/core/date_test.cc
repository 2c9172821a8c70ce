#include "services/core/date.h"

#include "gtest/gtest.h"

namespace kith {
namespace {

google::type::Date Date(int year, int month, int day) {
  google::type::Date date;
  date.set_year(year);
  date.set_month(month);
  date.set_day(day);
  return date;
}

TEST(DateDefect, FindsNoneInDaysThatExist) {
  EXPECT_EQ(DateDefect(Date(2024, 2, 29)), "");
  EXPECT_EQ(DateDefect(Date(1, 1, 1)), "");
  EXPECT_EQ(DateDefect(Date(9999, 12, 31)), "");
  EXPECT_EQ(DateDefect(Date(0, 2, 29), true), "");
}

TEST(DateDefect, NamesWhatIsWrong) {
  EXPECT_EQ(DateDefect(Date(2023, 2, 29)), "must be a day that exists");
  EXPECT_EQ(DateDefect(Date(2024, 4, 31)), "must be a day that exists");
  EXPECT_EQ(DateDefect(Date(2024, 4, 0)), "must be a day that exists");
  EXPECT_EQ(DateDefect(Date(2024, 13, 1)), "must have a month from 1 to 12");
  EXPECT_EQ(DateDefect(Date(2024, 0, 1)), "must have a month from 1 to 12");
  EXPECT_EQ(DateDefect(Date(0, 1, 1)), "must have a year");
  EXPECT_EQ(DateDefect(Date(10000, 1, 1)), "must have a year from 1 to 9999");
  EXPECT_EQ(DateDefect(Date(-1, 1, 1)), "must have a year from 1 to 9999");
}

TEST(DateOf, IsTheInverseOfCivilDayOf) {
  const absl::CivilDay day(2017, 3, 31);
  EXPECT_EQ(CivilDayOf(DateOf(day)), day);
}

TEST(FiscalQuarterOf, IsTheCivilQuarterFromJanuary) {
  EXPECT_EQ(FiscalQuarterOf(absl::CivilMonth(2017, 3), 1), (FiscalQuarter{2017, 1}));
  EXPECT_EQ(FiscalQuarterOf(absl::CivilMonth(2017, 12), 1), (FiscalQuarter{2017, 4}));
}

TEST(FiscalQuarterOf, NamesAYearByItsEnd) {
  EXPECT_EQ(FiscalQuarterOf(absl::CivilMonth(2024, 4), 4), (FiscalQuarter{2025, 1}));
  EXPECT_EQ(FiscalQuarterOf(absl::CivilMonth(2025, 3), 4), (FiscalQuarter{2025, 4}));
  EXPECT_EQ(FiscalQuarterOf(absl::CivilMonth(2024, 12), 12), (FiscalQuarter{2025, 1}));
}

TEST(FirstMonthOf, BeginsTheQuarterItsMonthsAreIn) {
  for (int start = 1; start <= 12; ++start) {
    for (absl::CivilMonth month(2020, 1); month < absl::CivilMonth(2023, 1); ++month) {
      const FiscalQuarter quarter = FiscalQuarterOf(month, start);
      const absl::CivilMonth first = FirstMonthOf(quarter, start);
      EXPECT_LE(first, month) << "start " << start;
      EXPECT_LT(month - first, 3) << "start " << start;
      EXPECT_EQ(FiscalQuarterOf(first, start), quarter) << "start " << start;
    }
  }
}

TEST(TimeZoneOf, KnowsTheTzDatabaseAndNoFiles) {
  EXPECT_EQ(TimeZoneOf("Europe/Berlin")->name(), "Europe/Berlin");
  EXPECT_EQ(TimeZoneOf("")->name(), "UTC");
  for (const char* name : {"Mars/Olympus", "/etc/localtime", "../../etc/passwd", "Europe/ Berlin",
                           "localtime", "posixrules", "Factory", "posix/UTC", "right/UTC"}) {
    EXPECT_FALSE(TimeZoneOf(name).has_value()) << name;
  }
}

// RE-4, what is relative.
TEST(MonthsAfter, KeepsTheDayWhereTheMonthHasIt) {
  const absl::CivilDay last_of_january(2026, 1, 31);
  EXPECT_EQ(MonthsAfter(last_of_january, 1), absl::CivilDay(2026, 2, 28));
  EXPECT_EQ(MonthsAfter(last_of_january, 2), absl::CivilDay(2026, 3, 31));
  EXPECT_EQ(MonthsAfter(last_of_january, 25), absl::CivilDay(2028, 2, 29));
  EXPECT_EQ(MonthsAfter(last_of_january, -2), absl::CivilDay(2025, 11, 30));
}

// RE-15.
TEST(IsoWeekOf, IsOfTheYearThatHasItsThursday) {
  EXPECT_EQ(IsoWeekOf(absl::CivilDay(2021, 1, 1)), (IsoWeek{2020, 53}));
  EXPECT_EQ(IsoWeekOf(absl::CivilDay(2018, 12, 31)), (IsoWeek{2019, 1}));
  EXPECT_EQ(IsoWeekOf(absl::CivilDay(2024, 12, 30)), (IsoWeek{2025, 1}));
  EXPECT_EQ(IsoWeekOf(absl::CivilDay(2022, 1, 2)), (IsoWeek{2021, 52}));
}

// RE-15.
TEST(FirstDayOfWeek, IsTheDayThatWeeksBeginOn) {
  const absl::CivilDay sunday(2022, 1, 2);
  EXPECT_EQ(FirstDayOfWeek(sunday, absl::Weekday::sunday), sunday);
  EXPECT_EQ(FirstDayOfWeek(sunday, absl::Weekday::monday), absl::CivilDay(2021, 12, 27));
}

TEST(DaySecondsOf, TakesTimesOfADayAndItsEnd) {
  EXPECT_EQ(DaySecondsOf("00:00"), 0);
  EXPECT_EQ(DaySecondsOf("09:30"), 34'200);
  EXPECT_EQ(DaySecondsOf("24:00"), 86'400);
  for (const absl::string_view text : {"", "9:30", "09:60", "24:01", "25:00", "09-30", "ab:cd"}) {
    EXPECT_EQ(DaySecondsOf(text), std::nullopt) << text;
  }
}

// RE-8.
TEST(TimeOf, MovesWhatDoesNotExistAndTakesTheFirstOfTwo) {
  const auto shown = [](absl::CivilSecond local, absl::string_view zone) {
    return absl::FormatTime("%Y-%m-%dT%H:%MZ", TimeOf(local, *TimeZoneOf(zone)),
                            absl::UTCTimeZone());
  };
  EXPECT_EQ(shown(absl::CivilSecond(2026, 3, 29, 2, 30), "Europe/Berlin"), "2026-03-29T01:30Z");
  EXPECT_EQ(shown(absl::CivilSecond(2026, 10, 25, 2, 30), "Europe/Berlin"), "2026-10-25T00:30Z");
  EXPECT_EQ(shown(absl::CivilSecond(2018, 11, 4), "America/Sao_Paulo"), "2018-11-04T03:00Z");
}

}  // namespace
}  // namespace kith
