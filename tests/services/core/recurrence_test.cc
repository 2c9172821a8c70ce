#include "services/core/recurrence.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "services/core/date.h"

namespace kith {
namespace {

absl::CivilSecond Local(absl::string_view text) {
  absl::CivilSecond local;
  EXPECT_TRUE(absl::ParseLenientCivilTime(text, &local)) << text;
  return local;
}

Series NewSeries(std::string rule, absl::string_view start, absl::string_view zone = "UTC") {
  EXPECT_EQ(RecurrenceDefect(rule), "") << rule;
  return {std::move(rule), Local(start), *TimeZoneOf(zone), {}};
}

// The days of the first ones: "1997-09-05 1997-10-03".
std::string Days(const Series& series, size_t most) {
  std::vector<std::string> days;
  for (const absl::CivilSecond at : Occurrences(series, most)) {
    days.push_back(absl::FormatCivilTime(absl::CivilDay(at)));
  }
  return absl::StrJoin(days, " ");
}

std::string Days(std::string rule, absl::string_view start, size_t most) {
  return Days(NewSeries(std::move(rule), start), most);
}

std::string Utc(absl::CivilSecond local, absl::TimeZone zone) {
  return absl::FormatTime("%Y-%m-%dT%H:%MZ", TimeOf(local, zone), absl::UTCTimeZone());
}

// RE-1.
TEST(Occurrences, KeepWallTimeUntilTheEnd) {
  const Series series =
      NewSeries("FREQ=DAILY;UNTIL=19971224T000000Z", "1997-09-02T09:00", "America/New_York");
  const std::vector<absl::CivilSecond> all = Occurrences(series, 1'000);
  ASSERT_EQ(all.size(), 113u);
  EXPECT_EQ(absl::CivilDay(all.back()), absl::CivilDay(1997, 12, 23));
  EXPECT_EQ(Utc(all[53], series.zone), "1997-10-25T13:00Z");
  EXPECT_EQ(Utc(all[54], series.zone), "1997-10-26T14:00Z");
}

TEST(Occurrences, EndWithTheirLastDay) {
  EXPECT_EQ(Days("FREQ=DAILY;UNTIL=20260303", "2026-03-01T09:00", 9),
            "2026-03-01 2026-03-02 2026-03-03");
  EXPECT_EQ(Days("FREQ=DAILY;UNTIL=20260303T085959", "2026-03-01T09:00", 9),
            "2026-03-01 2026-03-02");
  // 09:00 in New York is 14:00 UTC.
  EXPECT_EQ(
      Days(NewSeries("FREQ=DAILY;UNTIL=20260303T135959Z", "2026-03-01T09:00", "America/New_York"),
           9),
      "2026-03-01 2026-03-02");
}

// RE-2.
TEST(Occurrences, AreOfAWeekdayOfTheMonth) {
  EXPECT_EQ(Days("FREQ=MONTHLY;BYDAY=1FR", "1997-09-05T09:00", 6),
            "1997-09-05 1997-10-03 1997-11-07 1997-12-05 1998-01-02 1998-02-06");
  EXPECT_EQ(Days("FREQ=MONTHLY;BYDAY=-2MO", "1997-09-22T09:00", 6),
            "1997-09-22 1997-10-20 1997-11-17 1997-12-22 1998-01-19 1998-02-16");
  EXPECT_EQ(Days("FREQ=MONTHLY;BYDAY=5FR", "2026-01-01T09:00", 4),
            "2026-01-30 2026-05-29 2026-07-31 2026-10-30");
}

// RE-3.
TEST(Occurrences, CountWeeksFromTheirFirstDay) {
  EXPECT_EQ(Days("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;COUNT=4;WKST=MO", "1997-08-05T09:00", 9),
            "1997-08-05 1997-08-10 1997-08-19 1997-08-24");
  EXPECT_EQ(Days("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;COUNT=4;WKST=SU", "1997-08-05T09:00", 9),
            "1997-08-05 1997-08-17 1997-08-19 1997-08-31");
}

// RE-4.
TEST(Occurrences, PassOverMonthsWithoutTheDay) {
  EXPECT_EQ(Days("FREQ=MONTHLY", "2026-01-31T09:00", 5),
            "2026-01-31 2026-03-31 2026-05-31 2026-07-31 2026-08-31");
  EXPECT_EQ(Days("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31T09:00", 4),
            "2026-01-31 2026-02-28 2026-03-31 2026-04-30");
  EXPECT_EQ(Days("FREQ=YEARLY", "2024-02-29T09:00", 2), "2024-02-29 2028-02-29");
}

// RE-5.
TEST(Occurrences, AreTheLastOfASet) {
  EXPECT_EQ(Days("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "1997-09-29T09:00", 6),
            "1997-09-29 1997-10-30 1997-11-27 1997-12-30 1998-01-29 1998-02-26");
  EXPECT_EQ(Days("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-01-01T09:00", 3),
            "2026-01-30 2026-02-27 2026-03-31");
  EXPECT_EQ(Days("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "1997-09-02T09:00", 5),
            "1998-02-13 1998-03-13 1998-11-13 1999-08-13 2000-10-13");
}

// RE-7.
TEST(Occurrences, AreCountedBeforeExceptions) {
  Series series = NewSeries("FREQ=DAILY;COUNT=4", "2026-03-01T09:00");
  EXPECT_EQ(Days(series, 9), "2026-03-01 2026-03-02 2026-03-03 2026-03-04");
  series.exceptions = {Local("2026-03-02T09:00")};
  EXPECT_EQ(Days(series, 9), "2026-03-01 2026-03-03 2026-03-04");
}

// RE-9.
TEST(NextOccurrence, KeepsWallTimeOverAClockChange) {
  const Series series = NewSeries("FREQ=WEEKLY;BYDAY=TU", "2026-03-03T09:00", "America/New_York");
  EXPECT_EQ(Utc(series.start, series.zone), "2026-03-03T14:00Z");
  const auto next = NextOccurrence(series, series.start);
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(Utc(*next, series.zone), "2026-03-10T13:00Z");
}

// RE-14.
TEST(NextOccurrence, IsNeverTheOneThatWas) {
  const Series series = NewSeries("FREQ=WEEKLY;BYDAY=MO", "2026-03-02T09:20", "Europe/Vilnius");
  const auto next = [&](absl::string_view after) { return NextOccurrence(series, Local(after)); };
  EXPECT_EQ(next("2026-03-02T09:19"), Local("2026-03-02T09:20"));
  EXPECT_EQ(next("2026-03-02T09:20"), Local("2026-03-09T09:20"));
  EXPECT_EQ(next("2026-03-02T09:21"), Local("2026-03-09T09:20"));
  EXPECT_EQ(next("2026-03-02T09:30"), Local("2026-03-09T09:20"));
  const Series early = NewSeries("FREQ=WEEKLY;BYDAY=MO", "2026-03-02T01:00", "Europe/Vilnius");
  EXPECT_EQ(Utc(*NextOccurrence(early, Local("2026-03-01T00:00")), early.zone),
            "2026-03-01T23:00Z");
}

TEST(NextOccurrence, EndsWithTheSeries) {
  const Series series = NewSeries("FREQ=DAILY;COUNT=2", "2026-03-01T09:00");
  EXPECT_EQ(NextOccurrence(series, series.start), Local("2026-03-02T09:00"));
  EXPECT_EQ(NextOccurrence(series, Local("2026-03-02T09:00")), std::nullopt);
}

TEST(NextOccurrence, IsNotLookedForWithoutEnd) {
  const Series series = NewSeries("FREQ=DAILY", "1950-03-01T09:00");
  EXPECT_EQ(NextOccurrence(series, Local("2026-03-01T09:00")), std::nullopt);
  // Every twelve months from March, and in February.
  EXPECT_EQ(NextOccurrence(NewSeries("FREQ=MONTHLY;INTERVAL=12;BYMONTH=2", "2026-03-01T09:00"),
                           Local("2026-03-01T09:00")),
            std::nullopt);
  // A Monday the 29th of February comes after 28 years, or 40 around 2100.
  EXPECT_EQ(
      NextOccurrence(NewSeries("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "2025-03-01T09:00"),
                     Local("2025-03-01T09:00")),
      Local("2044-02-29T09:00"));
}

TEST(RecurrenceDefect, FindsNoneInRules) {
  for (const absl::string_view rule :
       {"FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
        "FREQ=WEEKLY;BYDAY=TU", "INTERVAL=2;FREQ=WEEKLY", "FREQ=MONTHLY;BYMONTHDAY=15,-1",
        "FREQ=MONTHLY;BYDAY=+1MO", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24",
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "FREQ=YEARLY;BYYEARDAY=1,100,-1",
        "FREQ=YEARLY;BYDAY=20MO", "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;BYMONTH=12;BYDAY=MO,TU;BYSETPOS=-8", "FREQ=DAILY;UNTIL=20261224",
        "FREQ=DAILY;COUNT=10"}) {
    EXPECT_EQ(RecurrenceDefect(rule), "") << rule;
  }
}

TEST(RecurrenceDefect, SaysWhatIsWrong) {
  const auto expect = [](absl::string_view rule, absl::string_view defect) {
    EXPECT_TRUE(absl::StrContains(RecurrenceDefect(rule), defect))
        << rule << ": " << RecurrenceDefect(rule);
  };
  expect("", "RFC 5545");  // RE-14: an empty plan
  expect("every Tuesday", "RFC 5545");
  expect("FREQ=", "RFC 5545");
  expect("FREQ=DAILY;", "RFC 5545");
  expect("FREQ=DAILY;COUNT=1;COUNT=2", "RFC 5545");
  expect("BYDAY=MO", "must have a FREQ");
  expect("FREQ=SECONDLY", "must have a FREQ");
  expect("FREQ=daily", "must have a FREQ");
  expect("FREQ=DAILY;COUNT=4;UNTIL=20261224", "both COUNT and UNTIL");  // RE-7
  expect("FREQ=DAILY;COUNT=0", "COUNT from 1");
  expect("FREQ=DAILY;COUNT=99999999999", "COUNT from 1");
  expect("FREQ=DAILY;INTERVAL=70000", "INTERVAL from 1");
  expect("FREQ=DAILY;INTERVAL=2;BYDAY=MO", "both INTERVAL and a BY part");
  expect("FREQ=DAILY;UNTIL=20261324", "UNTIL like");
  expect("FREQ=DAILY;UNTIL=soon", "UNTIL like");
  expect("FREQ=DAILY;BYHOUR=9", "must not have BYHOUR");
  expect("FREQ=DAILY;RSCALE=HEBREW", "must not have RSCALE");
  expect("FREQ=WEEKLY;BYDAY=1MO", "only FREQ=MONTHLY");
  expect("FREQ=MONTHLY;BYDAY=54MO", "from 1 to 53");
  expect("FREQ=MONTHLY;BYDAY=XX", "days like MO");
  expect("FREQ=WEEKLY;BYMONTHDAY=3", "must not have BYMONTHDAY");
  expect("FREQ=MONTHLY;BYMONTHDAY=32", "from 1 to 31");
  expect("FREQ=MONTHLY;BYMONTHDAY=0", "from 1 to 31");
  expect("FREQ=YEARLY;BYMONTH=-1", "from 1 to 12");
  expect("FREQ=MONTHLY;BYSETPOS=1", "beside BYSETPOS");
  expect("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=5", "from 1 to 4 in BYSETPOS");
  expect("FREQ=MONTHLY;BYMONTHDAY=1,2;BYSETPOS=2", "from 1 to 1 in BYSETPOS");
  expect("FREQ=YEARLY;BYDAY=MO;BYSETPOS=-53", "from 1 to 52 in BYSETPOS");
  expect("FREQ=MONTHLY;BYDAY=6MO", "fifth of a weekday");
  expect("FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=20", "beside numbers");
  expect("FREQ=YEARLY;BYWEEKNO=20;BYMONTHDAY=1", "RFC 5545");
  expect("FREQ=DAILY;BYMONTH=2,4;BYMONTHDAY=31", "in one of the months");
  expect(absl::StrCat("FREQ=MONTHLY;BYMONTHDAY=1", std::string(300, '1')), "bytes long");
}

}  // namespace
}  // namespace kith
