// Dates: google.type.Date as a civil day, and the periods a fiscal calendar puts it into. Pure
// functions, any thread. DateOf a day is eventstore/base/proto_date.h.
#pragma once

#include <compare>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "eventstore/base/proto_date.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/type/date.pb.h"

namespace kith {

// What is wrong with a date, as a sentence; empty when nothing is. A whole day of the years 1 to
// 9999; the year may be 0 (every year) where `allow_no_year`.
std::string DateDefect(const google::type::Date& date, bool allow_no_year = false);

// What is wrong with a moment, in the same way. One of the years 1 to 9999, as JSON can tell it.
std::string TimeDefect(const google::protobuf::Timestamp& time);

// The day of a date without defect that has a year.
absl::CivilDay CivilDayOf(const google::type::Date& date);

// A quarter of a fiscal year. The year is that in which it ends, as businesses name it: with a
// start in April, April 2024 is in the first quarter of 2025; with a start in January fiscal and
// civil years are the same.
struct FiscalQuarter {
  int year = 0;
  int quarter = 0;  // 1 to 4
  friend auto operator<=>(const FiscalQuarter&, const FiscalQuarter&) = default;
};
FiscalQuarter FiscalQuarterOf(absl::CivilMonth month, int fiscal_year_start_month);
// Its first month; it has three.
absl::CivilMonth FirstMonthOf(const FiscalQuarter& quarter, int fiscal_year_start_month);

// So many months later, or before: of a month that is too short, its last day.
absl::CivilDay MonthsAfter(absl::CivilDay day, int64_t months);

// The first day of the week that has this one.
absl::CivilDay FirstDayOfWeek(absl::CivilDay day, absl::Weekday begins_on);

// A week of ISO 8601: it begins on a Monday, and is of the year that has its Thursday.
struct IsoWeek {
  int64_t year = 0;
  int week = 0;  // 1 to 53
  friend auto operator<=>(const IsoWeek&, const IsoWeek&) = default;
};
IsoWeek IsoWeekOf(absl::CivilDay day);

// When a zone's clocks show this. A local time that does not exist is as much later as the clocks
// were put forward; of one that exists twice, it is the first.
absl::Time TimeOf(absl::CivilSecond local, absl::TimeZone zone);

// How many seconds after midnight clocks show "09:30"; of "24:00", all of a day's. Nullopt where it
// is no time of day.
std::optional<int> DaySecondsOf(absl::string_view text);

// The time zone of this name; UTC when the name is empty, nullopt when there is none such.
std::optional<absl::TimeZone> TimeZoneOf(absl::string_view name);

}  // namespace kith
