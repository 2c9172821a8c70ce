#include "projections/tables/time_literal.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace kith::projections {
namespace {

constexpr int64_t kCountMax = 99'999;

// "2026-11-23".
bool ParseDate(absl::string_view literal, absl::CivilDay* day) {
  if (literal.size() != 10) return false;
  for (size_t i = 0; i < literal.size(); ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? literal[i] != '-' : !absl::ascii_isdigit(literal[i])) return false;
  }
  int year = 0, month = 0, date = 0;
  if (!absl::SimpleAtoi(literal.substr(0, 4), &year) ||
      !absl::SimpleAtoi(literal.substr(5, 2), &month) ||
      !absl::SimpleAtoi(literal.substr(8, 2), &date)) {
    return false;
  }
  *day = absl::CivilDay(year, month, date);  // carries over where the date does not exist
  return day->year() == year && day->month() == month && day->day() == date;
}

// The same day of another month, or its last one.
absl::CivilDay MonthsAfter(absl::CivilDay day, int64_t months) {
  const absl::CivilMonth month = absl::CivilMonth(day) + months;
  const absl::CivilDay last = absl::CivilDay(month + 1) - 1;
  return std::min(absl::CivilDay(month) + (day.day() - 1), last);
}

absl::CivilDay Moved(absl::CivilDay day, int64_t count, absl::string_view unit) {
  if (unit == "d") return day + count;
  if (unit == "w") return day + 7 * count;
  return MonthsAfter(day, unit == "mo" ? count : 12 * count);
}

// A local time that does not exist is as much later as the clocks were put forward; of one that
// exists twice, the first.
absl::Time TimeAt(absl::CivilSecond at, absl::TimeZone zone) { return zone.At(at).pre; }

// The same time of another day.
absl::Time MovedTime(absl::Time time, int64_t count, absl::string_view unit, absl::TimeZone zone) {
  const absl::CivilSecond local = absl::ToCivilSecond(time, zone);
  const absl::Duration rest = time - absl::FromUnixSeconds(absl::ToUnixSeconds(time));
  const absl::CivilDay day = Moved(absl::CivilDay(local), count, unit);
  const absl::CivilSecond there(day.year(), day.month(), day.day(), local.hour(), local.minute(),
                                local.second());
  return TimeAt(there, zone) + rest;
}

// "-30d" off the front; false where it begins with none.
bool TakeOffset(absl::string_view* text, int64_t* count, absl::string_view* unit) {
  absl::string_view rest = *text;
  const bool is_negative = absl::ConsumePrefix(&rest, "-");
  if (!is_negative && !absl::ConsumePrefix(&rest, "+")) return false;
  size_t digits = 0;
  while (digits < rest.size() && absl::ascii_isdigit(rest[digits])) ++digits;
  if (!absl::SimpleAtoi(rest.substr(0, digits), count) || *count > kCountMax) return false;
  rest.remove_prefix(digits);
  for (const absl::string_view each : {"mo", "m", "h", "d", "w", "y"}) {
    if (!absl::ConsumePrefix(&rest, each)) continue;
    if (is_negative) *count = -*count;
    *unit = each;
    *text = rest;
    return true;
  }
  return false;
}

// nullopt where the text is not of the form.
std::optional<TimeLiteral> ParseRelative(absl::string_view text, absl::Time now,
                                         absl::TimeZone zone, bool of_days) {
  TimeLiteral literal{absl::ToCivilDay(now, zone), std::nullopt};
  if (absl::ConsumePrefix(&text, "now")) {
    literal.time = now;
  } else if (!absl::ConsumePrefix(&text, "today")) {
    if (text.empty()) return std::nullopt;
    if (!of_days) literal.time = now;
  }
  while (!text.empty()) {
    int64_t count = 0;
    absl::string_view unit;
    if (!TakeOffset(&text, &count, &unit)) return std::nullopt;
    if (unit == "m" || unit == "h") {
      if (!literal.time.has_value()) literal.time = of_days ? now : BeginningOf(literal.day, zone);
      *literal.time += unit == "m" ? absl::Minutes(count) : absl::Hours(count);
    } else if (literal.time.has_value()) {
      literal.time = MovedTime(*literal.time, count, unit, zone);
    } else {
      literal.day = Moved(literal.day, count, unit);
    }
    if (literal.time.has_value()) literal.day = absl::ToCivilDay(*literal.time, zone);
    if (literal.day.year() < 1 || literal.day.year() > 9999) return std::nullopt;
  }
  return literal;
}

bool LooksRelative(absl::string_view text) {
  return absl::ConsumePrefix(&text, "now") || absl::ConsumePrefix(&text, "today") ||
         absl::ConsumePrefix(&text, "-") || absl::ConsumePrefix(&text, "+");
}

}  // namespace

absl::StatusOr<TimeLiteral> ParseTimeLiteral(absl::string_view text, const Moment& moment,
                                             bool of_days) {
  TimeLiteral literal;
  if (ParseDate(text, &literal.day)) return literal;
  if (LooksRelative(text)) {
    if (!moment.now.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", text, "\" is relative, and there is no moment to count from"));
    }
    const auto relative = ParseRelative(text, *moment.now, moment.zone, of_days);
    if (relative.has_value()) return *relative;
  } else if (std::string error; !of_days) {
    absl::Time time;
    if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
      return TimeLiteral{absl::ToCivilDay(time, moment.zone), time};
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not a ",
                   of_days ? "date like 2026-11-23"
                           : "time like \"2026-11-23T09:30:00Z\", a day like 2026-11-23",
                   ", nor one relative to now: now, today, -30d, today+2w (units m, h, d, w, mo, "
                   "y), nor a period like last_month"));
}

absl::Time BeginningOf(absl::CivilDay day, absl::TimeZone zone) {
  // Clocks that are put forward at midnight skip it: the day begins at the change.
  const absl::TimeZone::TimeInfo info = zone.At(absl::CivilSecond(day));
  return info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre;
}

}  // namespace kith::projections
