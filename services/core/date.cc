#include "services/core/date.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "eventstore/base/check.h"

namespace kith {
namespace {

constexpr int kMonths = 12;
constexpr int kLeapYear = 2000;  // stands for "every year": it has all days there are
constexpr int kYearMax = 9999;
constexpr int64_t kSecondsMin = -62'135'596'800;  // 0001-01-01
constexpr int64_t kSecondsMax = 253'402'300'799;  // 9999-12-31 23:59:59
constexpr int32_t kNanosMax = 999'999'999;

bool MayBeZoneName(absl::string_view name) {
  if (absl::StartsWith(name, "/") || absl::StrContains(name, ".."))
    return false;  // names are files
  // What the machine has, or how it counts: not of the tz database.
  for (const char* const own : {"localtime", "posixrules", "Factory"}) {
    if (name == own) return false;
  }
  if (absl::StartsWith(name, "posix/") || absl::StartsWith(name, "right/")) return false;
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && c != '/' && c != '_' && c != '-' && c != '+') return false;
  }
  return true;
}

}  // namespace

std::string DateDefect(const google::type::Date& date, bool allow_no_year) {
  const bool no_year = date.year() == 0;
  if (no_year && !allow_no_year) return "must have a year";
  if (date.year() < 0 || date.year() > kYearMax) return "must have a year from 1 to 9999";
  if (date.month() < 1 || date.month() > kMonths) return "must have a month from 1 to 12";
  // A civil day takes any numbers and normalises them: a day that exists stays as it is.
  const absl::CivilDay day(no_year ? kLeapYear : date.year(), date.month(), date.day());
  if (day.month() != date.month() || day.day() != date.day()) return "must be a day that exists";
  return "";
}

std::string TimeDefect(const google::protobuf::Timestamp& time) {
  const bool is_valid = time.seconds() >= kSecondsMin && time.seconds() <= kSecondsMax &&
                        time.nanos() >= 0 && time.nanos() <= kNanosMax;
  return is_valid ? "" : "must be a time of the years 1 to 9999";
}

absl::CivilDay CivilDayOf(const google::type::Date& date) {
  KITH_CHECK(DateDefect(date).empty());
  return absl::CivilDay(date.year(), date.month(), date.day());
}

FiscalQuarter FiscalQuarterOf(absl::CivilMonth month, int fiscal_year_start_month) {
  // Months since the fiscal year that contains `month` began.
  const int since = (month.month() - fiscal_year_start_month + kMonths) % kMonths;
  const absl::CivilMonth last = month - since + (kMonths - 1);
  return {static_cast<int>(last.year()), since / 3 + 1};
}

absl::CivilMonth FirstMonthOf(const FiscalQuarter& quarter, int fiscal_year_start_month) {
  const int starts_in = fiscal_year_start_month == 1 ? quarter.year : quarter.year - 1;
  return absl::CivilMonth(starts_in, fiscal_year_start_month) + (quarter.quarter - 1) * 3;
}

absl::CivilDay MonthsAfter(absl::CivilDay day, int64_t months) {
  const absl::CivilMonth month = absl::CivilMonth(day) + months;
  const absl::CivilDay last = absl::CivilDay(month + 1) - 1;
  return std::min(absl::CivilDay(month) + (day.day() - 1), last);
}

absl::CivilDay FirstDayOfWeek(absl::CivilDay day, absl::Weekday begins_on) {
  return absl::PrevWeekday(day + 1, begins_on);
}

IsoWeek IsoWeekOf(absl::CivilDay day) {
  const absl::CivilDay thursday = FirstDayOfWeek(day, absl::Weekday::monday) + 3;
  return {thursday.year(), (absl::GetYearDay(thursday) - 1) / 7 + 1};
}

absl::Time TimeOf(absl::CivilSecond local, absl::TimeZone zone) { return zone.At(local).pre; }

std::optional<int> DaySecondsOf(absl::string_view text) {
  constexpr int kMinute = 60;
  constexpr int kHour = 60 * kMinute;
  const bool is_one = text.size() == 5 && text[2] == ':' && absl::ascii_isdigit(text[0]) &&
                      absl::ascii_isdigit(text[1]) && absl::ascii_isdigit(text[3]) &&
                      absl::ascii_isdigit(text[4]);
  if (!is_one) return std::nullopt;
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  const int seconds = hours * kHour + minutes * kMinute;
  if (minutes >= 60 || seconds > 24 * kHour) return std::nullopt;
  return seconds;
}

std::optional<absl::TimeZone> TimeZoneOf(absl::string_view name) {
  absl::TimeZone zone = absl::UTCTimeZone();
  if (name.empty()) return zone;
  if (!MayBeZoneName(name) || !absl::LoadTimeZone(name, &zone)) return std::nullopt;
  return zone;
}

}  // namespace kith
