#include "projections/tables/time_literal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace kith::projections {
namespace {

using ::testing::HasSubstr;

absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone));
  return zone;
}

// What a literal is at a local time of a zone: "2026-03-28", or a day and a time.
std::string At(absl::string_view local, const std::string& zone_name, absl::string_view literal,
               bool of_days = false) {
  const absl::TimeZone zone = Zone(zone_name);
  absl::Time now;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M", local, zone, &now, &error)) << error;
  const auto parsed = ParseTimeLiteral(literal, {now, zone}, of_days);
  if (!parsed.ok()) return std::string(parsed.status().message());
  if (!parsed->time.has_value()) return absl::FormatCivilTime(parsed->day);
  EXPECT_EQ(absl::ToCivilDay(*parsed->time, zone), parsed->day);
  return absl::FormatTime("%Y-%m-%d %H:%M", *parsed->time, zone);
}

TEST(ParseTimeLiteral, CountsFromTheMoment) {
  constexpr char kNow[] = "2026-11-23 09:30";
  EXPECT_EQ(At(kNow, "UTC", "now"), "2026-11-23 09:30");
  EXPECT_EQ(At(kNow, "UTC", "today"), "2026-11-23");
  EXPECT_EQ(At(kNow, "UTC", "-30d"), "2026-10-24 09:30");
  EXPECT_EQ(At(kNow, "UTC", "+7d"), "2026-11-30 09:30");
  EXPECT_EQ(At(kNow, "UTC", "-12h"), "2026-11-22 21:30");
  EXPECT_EQ(At(kNow, "UTC", "now+15m"), "2026-11-23 09:45");
  EXPECT_EQ(At(kNow, "UTC", "today-1w"), "2026-11-16");
  EXPECT_EQ(At(kNow, "UTC", "today+1d-6h"), "2026-11-23 18:00");
  EXPECT_EQ(At(kNow, "UTC", "today-1mo+1d"), "2026-10-24");
  EXPECT_EQ(At(kNow, "UTC", "-2y"), "2024-11-23 09:30");
}

TEST(ParseTimeLiteral, IsADayOfAFieldOfDays) {
  constexpr char kNow[] = "2026-11-23 23:30";
  EXPECT_EQ(At(kNow, "UTC", "-30d", true), "2026-10-24");
  EXPECT_EQ(At(kNow, "UTC", "+1h", true), "2026-11-24 00:30");
  EXPECT_EQ(At(kNow, "UTC", "2026-02-28", true), "2026-02-28");
  EXPECT_THAT(At(kNow, "UTC", "2026-02-28T00:00:00Z", true), HasSubstr("is not a date like"));
}

TEST(ParseTimeLiteral, KeepsToTheCalendarOfTheZone) {
  // 01:30 in Berlin is still the day before in UTC.
  EXPECT_EQ(At("2026-11-23 00:30", "Europe/Berlin", "today"), "2026-11-23");
  // The clocks are put forward on 2026-03-29 at 02:00.
  EXPECT_EQ(At("2026-03-28 12:00", "Europe/Berlin", "+1d"), "2026-03-29 12:00");
  EXPECT_EQ(At("2026-03-28 12:00", "Europe/Berlin", "+24h"), "2026-03-29 13:00");
  EXPECT_EQ(At("2026-03-28 02:30", "Europe/Berlin", "+1d"), "2026-03-29 03:30");
  // A month after the 31st is the last day of the next.
  EXPECT_EQ(At("2026-01-31 08:00", "Europe/Berlin", "+1mo"), "2026-02-28 08:00");
  EXPECT_EQ(At("2024-02-29 08:00", "UTC", "-1y"), "2023-02-28 08:00");
}

TEST(ParseTimeLiteral, ReadsWhatIsAbsolute) {
  EXPECT_EQ(At("2026-01-01 00:00", "UTC", "2026-11-23"), "2026-11-23");
  EXPECT_EQ(At("2026-01-01 00:00", "UTC", "2026-11-23T09:30:00+02:00"), "2026-11-23 07:30");
  EXPECT_EQ(At("2026-01-01 00:00", "Europe/Berlin", "2026-11-23T09:30:00Z"), "2026-11-23 10:30");
}

TEST(ParseTimeLiteral, SaysWhatItTakes) {
  for (const char* text :
       {"", "yesterday", "tomorrow", "nowhere", "now-", "today+", "-30", "-d", "-30x", "+99999999d",
        "-99999y", "today today", "2026-02-30", "2026-13-01"}) {
    EXPECT_THAT(At("2026-11-23 09:30", "UTC", text), HasSubstr("now, today, -30d, today+2w"))
        << text;
  }
  EXPECT_THAT(std::string(ParseTimeLiteral("-30d", Moment(), false).status().message()),
              HasSubstr("there is no moment to count from"));
}

TEST(BeginningOf, IsAfterTheGapWhereMidnightIsSkipped) {
  const absl::TimeZone zone = Zone("America/Sao_Paulo");  // put forward at midnight
  const absl::Time begins = BeginningOf(absl::CivilDay(2018, 11, 4), zone);
  EXPECT_EQ(absl::FormatTime("%Y-%m-%d %H:%M", begins, zone), "2018-11-04 01:00");
}

}  // namespace
}  // namespace kith::projections
