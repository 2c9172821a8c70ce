// How people write and read values.
#include "services/cli/text/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace kith::cli {
namespace {

TEST(ParseMoney, TakesTheCurrencyOnEitherSide) {
  for (const char* text : {"1000.50 EUR", "EUR 1000.50", " 1000.5  eur "}) {
    const auto money = ParseMoney(text);
    ASSERT_TRUE(money.ok()) << text;
    EXPECT_EQ(money->units(), 1000);
    EXPECT_EQ(money->nanos(), 500'000'000);
    EXPECT_EQ(money->currency_code(), "EUR");
  }
}

TEST(ParseMoney, GivesUnitsAndNanosOneSign) {
  const auto money = ParseMoney("-0.25 USD");
  ASSERT_TRUE(money.ok());
  EXPECT_EQ(money->units(), 0);
  EXPECT_EQ(money->nanos(), -250'000'000);
}

TEST(ParseMoney, RefusesWhatIsNotMoney) {
  for (const char* text : {"", "1000", "EUR", "1,000 EUR", "1.0000000001 EUR", "1. EUR", "x EUR",
                           "1 EURO", "1 EUR EUR", "99999999999999999999 EUR"}) {
    EXPECT_FALSE(ParseMoney(text).ok()) << text;
  }
}

TEST(ParseDate, RefusesDaysThatDoNotExist) {
  EXPECT_TRUE(ParseDate("2024-02-29").ok());
  EXPECT_TRUE(ParseDate("--02-29").ok());
  for (const char* text :
       {"2025-02-29", "2025-13-01", "2025-1-1", "01.02.2025", "", "2025-01-01x"}) {
    EXPECT_FALSE(ParseDate(text).ok()) << text;
  }
}

TEST(ParseTimestamp, TakesADateForItsMidnight) {
  const auto date = ParseTimestamp("2026-01-31");
  const auto time = ParseTimestamp("2026-01-31T01:00:00+01:00");
  ASSERT_TRUE(date.ok() && time.ok());
  EXPECT_EQ(date->seconds(), time->seconds());
  EXPECT_FALSE(ParseTimestamp("yesterday").ok());
}

TEST(ParseTimestamp, KeepsNanosPositiveBeforeTheEpoch) {
  const auto time = ParseTimestamp("1969-12-31T23:59:59.250Z");
  ASSERT_TRUE(time.ok());
  EXPECT_EQ(time->seconds(), -1);
  EXPECT_EQ(time->nanos(), 250'000'000);
}

TEST(ParseDuration, KnowsDays) {
  EXPECT_EQ(ParseDuration("3d")->seconds(), 3 * 86400);
  EXPECT_EQ(ParseDuration("1d12h")->seconds(), 36 * 3600);
  EXPECT_EQ(ParseDuration("90s")->seconds(), 90);
  EXPECT_EQ(ParseDuration("250ms")->nanos(), 250'000'000);
  for (const char* text : {"", "3", "xd", "d", "3 days"})
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
}

TEST(ParseRelativeDay, CountsFromToday) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  const absl::Time now = absl::FromCivil(absl::CivilHour(2026, 1, 31, 23), utc);
  const auto day = [&](absl::string_view text) {
    const auto date = ParseRelativeDay(text, now, utc);
    return date.ok() ? FormatDate(*date) : "";
  };
  EXPECT_EQ(day("today"), "2026-01-31");
  EXPECT_EQ(day("yesterday"), "2026-01-30");
  EXPECT_EQ(day("-10d"), "2026-01-21");
  EXPECT_EQ(day("+2w"), "2026-02-14");
  EXPECT_EQ(day("today+1mo"), "2026-02-28");
  EXPECT_EQ(day("today-1y+1d"), "2025-02-01");
  for (const char* text : {"", "10d", "-d", "-10", "-10h", "today1d", "+99999999999d", "+100000y"})
    EXPECT_EQ(day(text), "") << text;
}

TEST(FormatMoney, GroupsThousandsAndKeepsEveryDigit) {
  google::type::Money money;
  money.set_currency_code("EUR");
  money.set_units(10005534);
  EXPECT_EQ(FormatMoney(money), "10,005,534.00 EUR");
  money.set_units(0);
  money.set_nanos(-125'000'000);
  EXPECT_EQ(FormatMoney(money), "-0.125 EUR");
  money.set_nanos(0);
  money.set_units(std::numeric_limits<int64_t>::min());
  money.set_currency_code("JPY");
  EXPECT_EQ(FormatMoney(money), "-9,223,372,036,854,775,808 JPY");
}

TEST(FormatDuration, ShowsTheTwoLargestUnits) {
  google::protobuf::Duration duration;
  EXPECT_EQ(FormatDuration(duration), "0s");
  duration.set_seconds(86400 + 3 * 3600 + 59);
  EXPECT_EQ(FormatDuration(duration), "1d 3h");
  duration.set_seconds(-61);
  EXPECT_EQ(FormatDuration(duration), "-1m 1s");
}

TEST(ExpandName, FillsThePatternsVariables) {
  EXPECT_EQ(ExpandName("deals/{deal}", "x"), "deals/x");
  EXPECT_EQ(ExpandName("deals/{deal}", "deals/x"), "deals/x");
  EXPECT_EQ(ExpandName("pipelines/{pipeline}/stages/{stage}", "default/won"),
            "pipelines/default/stages/won");
  EXPECT_EQ(ExpandName("pipelines/{pipeline}/stages/{stage}", "won"), "won");
  EXPECT_EQ(ExpandName("deals/{deal}", "a/b"), "a/b");
  EXPECT_EQ(ExpandName("deals/{deal}", ""), "");
}

TEST(ParseShownTime, TakesADayAndAMinuteOfTheZone) {
  absl::TimeZone berlin;
  ASSERT_TRUE(absl::LoadTimeZone("Europe/Berlin", &berlin));
  const auto day = ParseShownTime("2026-01-31", berlin);
  ASSERT_TRUE(day.ok()) << day.status();
  EXPECT_EQ(day->seconds(),
            absl::ToUnixSeconds(absl::FromCivil(absl::CivilDay(2026, 1, 31), berlin)));
  const auto minute = ParseShownTime("2026-01-31 00:00", berlin);
  ASSERT_TRUE(minute.ok()) << minute.status();
  EXPECT_EQ(day->seconds(), minute->seconds());
  EXPECT_FALSE(ParseShownTime("--01-31", berlin).ok());
}

TEST(ParseSaidTime, CountsFromNowAsFiltersDo) {
  absl::TimeZone berlin;
  ASSERT_TRUE(absl::LoadTimeZone("Europe/Berlin", &berlin));
  const absl::Time now =
      absl::FromCivil(absl::CivilSecond(2026, 3, 30, 14, 5, 9), berlin) + absl::Milliseconds(250);
  const auto time = [&](absl::string_view text) -> std::string {
    const auto parsed = ParseSaidTime(text, now, berlin);
    if (!parsed.ok()) return "";
    return absl::FormatTime(
        "%Y-%m-%d %H:%M:%E3S",
        absl::FromUnixNanos(parsed->seconds() * 1'000'000'000 + parsed->nanos()), berlin);
  };
  EXPECT_EQ(time("now"), "2026-03-30 14:05:09.250");
  EXPECT_EQ(time("today"), "2026-03-30 00:00:00.000");
  EXPECT_EQ(time("yesterday"), "2026-03-29 00:00:00.000");
  // Days are the calendar's, whatever the clocks do.
  EXPECT_EQ(time("-1d"), "2026-03-29 14:05:09.250");
  EXPECT_EQ(time("-30d"), "2026-02-28 14:05:09.250");
  EXPECT_EQ(time("-1mo"), "2026-02-28 14:05:09.250");
  EXPECT_EQ(time("+12h"), "2026-03-31 02:05:09.250");
  EXPECT_EQ(time("today+2w-30m"), "2026-04-12 23:30:00.000");
  EXPECT_EQ(time("2026-03-28"), "2026-03-28 00:00:00.000");
  EXPECT_EQ(time("2026-03-28 14:05"), "2026-03-28 14:05:00.000");
  EXPECT_EQ(time("2026-03-28T14:05:00Z"), "2026-03-28 15:05:00.000");
  for (const absl::string_view wrong :
       {"", "soon", "30d", "-", "-3", "-3x", "nowadays", "today 1d", "+99999y", "--01-31"}) {
    EXPECT_EQ(time(wrong), "") << wrong;
  }
}

TEST(ParseMoment, UnderstandsTheWordsPeopleHave) {
  absl::TimeZone berlin;
  ASSERT_TRUE(absl::LoadTimeZone("Europe/Berlin", &berlin));
  const absl::Time now = absl::FromCivil(absl::CivilSecond(2026, 3, 30, 0, 30, 0), berlin);
  const auto moment = [&](absl::string_view text) {
    const auto parsed = ParseMoment(text, now, berlin);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    return absl::FormatTime(
        "%Y-%m-%d %H:%M:%E6S",
        absl::FromUnixNanos(parsed->seconds() * 1'000'000'000 + parsed->nanos()), berlin);
  };
  // The day on which clocks go forward has 23 hours.
  EXPECT_EQ(moment("yesterday"), "2026-03-29 23:59:59.999999");
  EXPECT_EQ(moment("today"), "2026-03-30 23:59:59.999999");
  EXPECT_EQ(moment("now"), "2026-03-30 00:30:00.000000");
  EXPECT_EQ(moment("-1w"), "2026-03-23 00:30:00.000000");
  EXPECT_EQ(moment("2026-03-28"), "2026-03-28 23:59:59.999999");
  EXPECT_EQ(moment("2026-03-28 14:05"), "2026-03-28 14:05:59.999999");
  EXPECT_EQ(moment("2026-03-28T14:05"), "2026-03-28 14:05:59.999999");
  EXPECT_EQ(moment("2026-03-28T14:05:00Z"), "2026-03-28 15:05:00.000000");
  EXPECT_EQ(moment("-1h30m"), "2026-03-29 23:00:00.000000");
  EXPECT_EQ(moment("-1d"), "2026-03-28 23:30:00.000000") << "24 hours";
  for (const absl::string_view wrong : {"", "tomorrow", "-", "-3", "--01-31", "2026-13-01"}) {
    EXPECT_FALSE(ParseMoment(wrong, now, berlin).ok()) << wrong;
  }
}

}  // namespace
}  // namespace kith::cli
