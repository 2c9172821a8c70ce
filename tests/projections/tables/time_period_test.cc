#include "projections/tables/time_period.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace kith::projections {
namespace {

using ::testing::HasSubstr;

// "2026-11-01..2026-11-30"; "" for what is no period, and the refusal.
std::string Of(absl::string_view text, absl::CivilDay today) {
  const absl::TimeZone zone = absl::UTCTimeZone();
  const auto period = ParseTimePeriod(text, {absl::FromCivil(today, zone) + absl::Hours(13), zone});
  if (!period.ok()) return std::string(period.status().message());
  if (!period->has_value()) return "";
  return absl::StrCat(absl::FormatCivilTime((*period)->first), "..",
                      absl::FormatCivilTime((*period)->last));
}

TEST(ParseTimePeriod, IsOfTheCalendar) {
  const absl::CivilDay monday(2026, 11, 23);
  EXPECT_EQ(Of("yesterday", monday), "2026-11-22..2026-11-22");
  EXPECT_EQ(Of("tomorrow", monday), "2026-11-24..2026-11-24");
  EXPECT_EQ(Of("this_week", monday), "2026-11-23..2026-11-29");
  EXPECT_EQ(Of("last_week", monday), "2026-11-16..2026-11-22");
  EXPECT_EQ(Of("next_week", monday + 6), "2026-11-30..2026-12-06");
  EXPECT_EQ(Of("this_week", monday + 6), "2026-11-23..2026-11-29");
  EXPECT_EQ(Of("this_month", monday), "2026-11-01..2026-11-30");
  EXPECT_EQ(Of("next_month", monday), "2026-12-01..2026-12-31");
  EXPECT_EQ(Of("this_quarter", monday), "2026-10-01..2026-12-31");
  EXPECT_EQ(Of("last_quarter", monday), "2026-07-01..2026-09-30");
  EXPECT_EQ(Of("next_quarter", monday), "2027-01-01..2027-03-31");
  EXPECT_EQ(Of("last_year", monday), "2025-01-01..2025-12-31");
}

TEST(ParseTimePeriod, GoesOverTheEndsOfYears) {
  const absl::CivilDay first(2024, 1, 1);
  EXPECT_EQ(Of("yesterday", first), "2023-12-31..2023-12-31");
  EXPECT_EQ(Of("last_week", first), "2023-12-25..2023-12-31");
  EXPECT_EQ(Of("last_month", first), "2023-12-01..2023-12-31");
  EXPECT_EQ(Of("next_month", first), "2024-02-01..2024-02-29");
  EXPECT_EQ(Of("last_quarter", first), "2023-10-01..2023-12-31");
}

TEST(ParseTimePeriod, IsNoneOfOtherWords) {
  for (const char* text : {"", "today", "now", "2026-11-23", "-30d", "month", "thismonth"}) {
    EXPECT_EQ(Of(text, absl::CivilDay(2026, 11, 23)), "") << text;
  }
  for (const char* text : {"last_", "this_day", "next_monday", "last_30d", "this_month+1d"}) {
    EXPECT_THAT(Of(text, absl::CivilDay(2026, 11, 23)),
                HasSubstr("is no period: there are yesterday"))
        << text;
  }
}

TEST(ParseTimePeriod, IsRefusedWhereThereIsNoMoment) {
  EXPECT_THAT(ParseTimePeriod("last_month", {}).status().message(),
              HasSubstr("no moment to count from"));
}

}  // namespace
}  // namespace kith::projections
