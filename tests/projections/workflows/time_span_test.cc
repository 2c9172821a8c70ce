// How long "3bd" and "8bh" are: the vectors of business days that steps wait for.
#include "projections/workflows/time_span.h"

#include <gtest/gtest.h>

#include <string>

#include "services/core/date.h"

namespace kith::workflows {
namespace {

std::string After(absl::CivilDay day, const std::string& span) {
  const auto parsed = ParseTimeSpan(span);
  EXPECT_TRUE(parsed.ok()) << span;
  const auto added = Add(day, *parsed, Weekdays(absl::UTCTimeZone()));
  return added.has_value() ? absl::FormatCivilTime(*added) : "never";
}

TEST(TimeSpan, CountsDaysAndBusinessDays) {
  const absl::CivilDay friday(2026, 3, 6);
  EXPECT_EQ(After(friday, "3d"), "2026-03-09");
  EXPECT_EQ(After(friday, "3bd"), "2026-03-11");
  EXPECT_EQ(After(friday, "-2w"), "2026-02-20");
  EXPECT_EQ(After(absl::CivilDay(2006, 2, 1), "25bd"), "2006-03-08");
  EXPECT_EQ(After(absl::CivilDay(2006, 3, 8), "-25bd"), "2006-02-01");
}

TEST(TimeSpan, CountsFromAWeekendAsFromItsFriday) {
  const absl::CivilDay saturday(2026, 3, 7);
  EXPECT_EQ(After(saturday, "1bd"), "2026-03-09");
  EXPECT_EQ(After(saturday, "5bd"), "2026-03-13");
  EXPECT_EQ(After(saturday, "-1bd"), "2026-03-06");
}

TEST(TimeSpan, IsOfABusinessCalendar) {
  WorkCalendar calendar{.zone = *TimeZoneOf("Europe/Berlin")};
  for (size_t day = 0; day < 5; ++day) calendar.week[day] = {{9 * 3'600, 17 * 3'600}};
  calendar.days[absl::CivilDay(2026, 3, 9)] = {};  // a holiday
  const absl::Time friday = absl::FromCivil(absl::CivilSecond(2026, 3, 6, 16, 0, 0), calendar.zone);
  const auto after = [&](const std::string& span) {
    return absl::FormatTime("%Y-%m-%d %H:%M", Add(friday, *ParseTimeSpan(span), calendar).value(),
                            calendar.zone);
  };
  EXPECT_EQ(after("1bd"), "2026-03-10 16:00");
  EXPECT_EQ(after("3bh"), "2026-03-10 11:00");
  EXPECT_EQ(after("3h"), "2026-03-06 19:00");
  EXPECT_FALSE(Add(friday, *ParseTimeSpan("3bd"), WorkCalendar()).has_value());
}

TEST(TimeSpan, KeepsTheTimeOfDayOverAChangeOfTheClocks) {
  const absl::TimeZone berlin = *TimeZoneOf("Europe/Berlin");
  const auto added = Add(absl::FromCivil(absl::CivilSecond(2026, 3, 28, 2, 30, 0), berlin),
                         *ParseTimeSpan("1d"), Weekdays(berlin));
  EXPECT_EQ(absl::FormatTime("%H:%M", *added, absl::UTCTimeZone()), "01:00");
}

TEST(TimeSpan, RefusesWhatIsNone) {
  for (const char* const text : {"", "3", "d", "3 days", "3x", "100001d", "5001bd", "--3d"}) {
    EXPECT_FALSE(ParseTimeSpan(text).ok()) << text;
  }
}

}  // namespace
}  // namespace kith::workflows
