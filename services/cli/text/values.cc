#include "services/cli/text/values.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "eventstore/base/money_text.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"

namespace kith::cli {
namespace {

constexpr int kNanosDigits = 9;

absl::Status NotUnderstood(absl::string_view text, absl::string_view wanted) {
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not ", wanted));
}

bool IsCurrency(absl::string_view text) {
  if (text.size() != 3) return false;
  for (char letter : text) {
    if (!absl::ascii_isalpha(letter)) return false;
  }
  return true;
}

bool IsDigits(absl::string_view text) {
  for (char digit : text) {
    if (!absl::ascii_isdigit(digit)) return false;
  }
  return !text.empty();
}

// Units and nanos of "-1000.50", both with the sign.
bool ParseDecimal(absl::string_view text, google::type::Money* money) {
  const bool negative = absl::ConsumePrefix(&text, "-");
  std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits('.', 1));
  int64_t units = 0;
  if (!IsDigits(parts.first) || !absl::SimpleAtoi(parts.first, &units)) return false;
  int32_t nanos = 0;
  if (absl::StrContains(text, '.')) {
    if (!IsDigits(parts.second) || parts.second.size() > kNanosDigits) return false;
    const std::string digits =
        absl::StrCat(parts.second, std::string(kNanosDigits - parts.second.size(), '0'));
    if (!absl::SimpleAtoi(digits, &nanos)) return false;
  }
  money->set_units(negative ? -units : units);
  money->set_nanos(negative ? -nanos : nanos);
  return true;
}

// ISO 4217 currencies without a minor unit that are common enough to be seen.
bool HasMinorUnit(absl::string_view currency) {
  return currency != "JPY" && currency != "KRW" && currency != "VND" && currency != "CLP" &&
         currency != "ISK" && currency != "XAF" && currency != "XOF" && currency != "PYG";
}

std::string WithThousands(uint64_t number) {
  const std::string digits = absl::StrCat(number);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
}

// The same day of another month, or its last where it is shorter.
absl::CivilDay MovedMonths(absl::CivilDay day, int months) {
  const absl::CivilMonth month = absl::CivilMonth(day) + months;
  const absl::CivilDay last = absl::CivilDay(month + 1) - 1;
  return absl::CivilDay(month) + (std::min(day.day(), last.day()) - 1);
}

// "-30d": so many of a unit, before where it is negative.
struct Offset {
  int count = 0;
  absl::string_view unit;  // m, h, d, w, mo or y
};

// Takes one off the front of the text; nullopt where it does not begin with one.
std::optional<Offset> TakeOffset(absl::string_view* text) {
  constexpr int kCountMax = 99'999;  // as filters have it
  absl::string_view rest = *text;
  const bool is_back = absl::ConsumePrefix(&rest, "-");
  if (!is_back && !absl::ConsumePrefix(&rest, "+")) return std::nullopt;
  size_t digits = 0;
  while (digits < rest.size() && absl::ascii_isdigit(rest[digits])) ++digits;
  Offset offset;
  if (!absl::SimpleAtoi(rest.substr(0, digits), &offset.count) || offset.count > kCountMax) {
    return std::nullopt;
  }
  if (is_back) offset.count = -offset.count;
  rest.remove_prefix(digits);
  for (const absl::string_view unit : {"mo", "m", "h", "d", "w", "y"}) {
    if (!absl::ConsumePrefix(&rest, unit)) continue;
    offset.unit = unit;
    *text = rest;
    return offset;
  }
  return std::nullopt;
}

// By days, weeks, months or years.
absl::CivilDay Moved(absl::CivilDay day, const Offset& offset) {
  if (offset.unit == "d") return day + offset.count;
  if (offset.unit == "w") return day + 7 * offset.count;
  return MovedMonths(day, offset.unit == "mo" ? offset.count : 12 * offset.count);
}

bool HasDate(absl::CivilDay day) { return day.year() >= 1 && day.year() <= 9999; }

// By any unit; days are the calendar's, so the time of day stays.
absl::Time Moved(absl::Time time, const Offset& offset, absl::TimeZone zone) {
  if (offset.unit == "m") return time + absl::Minutes(offset.count);
  if (offset.unit == "h") return time + absl::Hours(offset.count);
  const absl::CivilSecond local = absl::ToCivilSecond(time, zone);
  const absl::CivilDay day = Moved(absl::CivilDay(local), offset);
  const absl::CivilSecond there(day.year(), day.month(), day.day(), local.hour(), local.minute(),
                                local.second());
  return absl::FromCivil(there, zone) + (time - absl::FromCivil(local, zone)) % absl::Seconds(1);
}

// Whether the text is counted from something.
bool LooksCounted(absl::string_view text) {
  return absl::StartsWith(text, "now") || absl::StartsWith(text, "today") ||
         absl::StartsWith(text, "yesterday") || absl::StartsWith(text, "-") ||
         absl::StartsWith(text, "+");
}

// "now-2h", "today+2w", "-30d"; nullopt where the text is not of the form.
std::optional<absl::Time> CountedTime(absl::string_view text, absl::Time now, absl::TimeZone zone) {
  if (!LooksCounted(text)) return std::nullopt;
  const absl::CivilDay today = absl::ToCivilDay(now, zone);
  absl::Time time = now;
  if (absl::ConsumePrefix(&text, "today")) {
    time = absl::FromCivil(today, zone);
  } else if (absl::ConsumePrefix(&text, "yesterday")) {
    time = absl::FromCivil(today - 1, zone);
  } else {
    absl::ConsumePrefix(&text, "now");
  }
  while (!text.empty()) {
    const std::optional<Offset> offset = TakeOffset(&text);
    if (!offset.has_value()) return std::nullopt;
    time = Moved(time, *offset, zone);
    if (!HasDate(absl::ToCivilDay(time, zone))) return std::nullopt;
  }
  return time;
}

bool IsDay(const google::type::Date& date) {
  // Any leap year stands in for a year not said.
  const int year = date.year() == 0 ? 2000 : date.year();
  const absl::CivilDay day(year, date.month(), date.day());
  return date.year() >= 0 && date.year() <= 9999 && day.month() == date.month() &&
         day.day() == date.day();
}

}  // namespace

absl::StatusOr<google::type::Money> ParseMoney(absl::string_view text) {
  std::vector<absl::string_view> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
  if (words.size() == 2 && IsCurrency(words[0])) std::swap(words[0], words[1]);
  google::type::Money money;
  if (words.size() != 2 || !IsCurrency(words[1]) || !ParseDecimal(words[0], &money)) {
    return NotUnderstood(text, "money: write it like \"1000.50 EUR\"");
  }
  if (MayMeanThousands(words[0], words[1])) {
    return NotUnderstood(text,
                         "money, as it may mean thousands: write \"1000 EUR\" or \"1.00 EUR\"");
  }
  money.set_currency_code(absl::AsciiStrToUpper(words[1]));
  return money;
}

absl::StatusOr<google::type::Date> ParseDate(absl::string_view text) {
  const absl::Status error = NotUnderstood(text, "a date: write it like 2026-01-31");
  absl::string_view rest = text;
  int year = 0, month = 0, day = 0;
  if (!absl::ConsumePrefix(&rest, "--")) {
    if (rest.size() < 5 || rest[4] != '-' || !absl::SimpleAtoi(rest.substr(0, 4), &year)) {
      return error;
    }
    rest.remove_prefix(5);
  }
  if (rest.size() != 5 || rest[2] != '-' || !IsDigits(rest.substr(0, 2)) ||
      !IsDigits(rest.substr(3)) || !absl::SimpleAtoi(rest.substr(0, 2), &month) ||
      !absl::SimpleAtoi(rest.substr(3), &day)) {
    return error;
  }
  google::type::Date date;
  date.set_year(year);
  date.set_month(month);
  date.set_day(day);
  if (!IsDay(date)) return error;
  return date;
}

absl::StatusOr<google::type::Date> ParseRelativeDay(absl::string_view text, absl::Time now,
                                                    absl::TimeZone zone) {
  const absl::Status error =
      NotUnderstood(text, "a day counted from today: write it like today, -10d or today+2w");
  absl::string_view rest = text;
  absl::CivilDay day = absl::ToCivilDay(now, zone);
  if (absl::ConsumePrefix(&rest, "yesterday")) {
    --day;
  } else if (!absl::ConsumePrefix(&rest, "today") && rest.empty()) {
    return error;
  }
  while (!rest.empty()) {
    const std::optional<Offset> offset = TakeOffset(&rest);
    if (!offset.has_value() || offset->unit == "m" || offset->unit == "h") return error;
    day = Moved(day, *offset);
    if (!HasDate(day)) return error;
  }
  google::type::Date date;
  date.set_year(static_cast<int>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

absl::StatusOr<google::type::Date> ParseDay(absl::string_view text) {
  constexpr size_t kDateSize = 10;
  absl::Time time;
  std::string ignored;
  const bool is_time =
      text.size() > kDateSize && absl::ParseTime(absl::RFC3339_full, text, &time, &ignored);
  return ParseDate(is_time ? text.substr(0, kDateSize) : text);
}

absl::StatusOr<google::protobuf::Timestamp> ParseTimestamp(absl::string_view text) {
  absl::Time time;
  std::string ignored;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &ignored)) {
    absl::StatusOr<google::type::Date> date = ParseDate(text);
    if (!date.ok() || date->year() == 0) {
      return NotUnderstood(text, "a time: write it like 2026-01-31T12:00:00Z or 2026-01-31");
    }
    time = absl::FromCivil(absl::CivilDay(date->year(), date->month(), date->day()),
                           absl::UTCTimeZone());
  }
  google::protobuf::Timestamp timestamp;
  const int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return timestamp;
}

absl::StatusOr<google::protobuf::Timestamp> ParseShownTime(absl::string_view text,
                                                           absl::TimeZone zone) {
  absl::Time time;
  std::string ignored;
  const auto date = ParseDate(text);
  if (date.ok() && date->year() > 0) {
    time = absl::FromCivil(absl::CivilDay(date->year(), date->month(), date->day()), zone);
  } else if (!absl::ParseTime("%Y-%m-%d %H:%M", text, zone, &time, &ignored) &&
             !absl::ParseTime("%Y-%m-%dT%H:%M", text, zone, &time, &ignored)) {
    return NotUnderstood(text, "a time: write it like 2026-01-31 14:05");
  }
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(absl::ToUnixSeconds(time));
  return timestamp;
}

absl::StatusOr<google::protobuf::Timestamp> ParseSaidTime(absl::string_view text, absl::Time now,
                                                          absl::TimeZone zone) {
  if (const auto shown = ParseShownTime(text, zone); shown.ok()) return shown;
  if (const auto counted = CountedTime(text, now, zone)) return ToTimestamp(*counted);
  if (const auto time = ParseTimestamp(text); time.ok()) return time;
  return NotUnderstood(text,
                       "a time: write it like 2026-01-31T12:00:00Z, \"2026-01-31 14:05\", "
                       "2026-01-31, now, today, yesterday, -30d or today+2w");
}

absl::StatusOr<google::protobuf::Timestamp> ParseMoment(absl::string_view text, absl::Time now,
                                                        absl::TimeZone zone) {
  constexpr absl::Duration kTick = absl::Microseconds(1);
  const auto end_of = [&](absl::CivilDay day) {
    return ToTimestamp(absl::FromCivil(day + 1, zone) - kTick);
  };
  if (text == "today") return end_of(absl::ToCivilDay(now, zone));
  if (text == "yesterday") return end_of(absl::ToCivilDay(now, zone) - 1);
  if (const auto date = ParseDate(text); date.ok() && date->year() > 0) {
    return end_of(absl::CivilDay(date->year(), date->month(), date->day()));
  }
  if (absl::StartsWith(text, "-")) {
    if (const auto ago = ParseDuration(text.substr(1)); ago.ok()) {
      return ToTimestamp(now - absl::Seconds(ago->seconds()) - absl::Nanoseconds(ago->nanos()));
    }
  }
  if (const auto minute = ParseShownTime(text, zone); minute.ok()) {
    return ToTimestamp(FromTimestamp(*minute) + absl::Minutes(1) - kTick);
  }
  if (const auto time = ParseSaidTime(text, now, zone); time.ok()) return time;
  return NotUnderstood(text,
                       "a moment: write it like 2026-01-31, 2026-01-31 14:05, "
                       "2026-01-31T14:05:00Z, now, yesterday, -3d, -2w or @1234, or give a token");
}

absl::StatusOr<google::protobuf::Duration> ParseDuration(absl::string_view text) {
  absl::string_view rest = text;
  absl::Duration days = absl::ZeroDuration();
  if (const size_t d = rest.find('d'); d != absl::string_view::npos) {
    int64_t count = 0;
    if (!absl::SimpleAtoi(rest.substr(0, d), &count)) {
      return NotUnderstood(text, "a duration: write it like 3d, 1h30m or 90s");
    }
    days = count * absl::Hours(24);
    rest.remove_prefix(d + 1);
  }
  absl::Duration duration = absl::ZeroDuration();
  if ((!rest.empty() || days == absl::ZeroDuration()) && !absl::ParseDuration(rest, &duration)) {
    return NotUnderstood(text, "a duration: write it like 3d, 1h30m or 90s");
  }
  duration += days;
  google::protobuf::Duration message;
  message.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  message.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return message;
}

absl::StatusOr<bool> ParseBool(absl::string_view text) {
  bool value = false;
  if (!absl::SimpleAtob(text, &value)) return NotUnderstood(text, "true or false");
  return value;
}

std::string FormatMoney(const google::type::Money& money) {
  const bool negative = money.units() < 0 || money.nanos() < 0;
  // Negated as unsigned, so that the smallest int64 has an opposite.
  const uint64_t units = money.units() < 0 ? -static_cast<uint64_t>(money.units())
                                           : static_cast<uint64_t>(money.units());
  std::string text = absl::StrCat(negative ? "-" : "", WithThousands(units));
  std::string decimals = absl::StrFormat("%09d", std::abs(money.nanos()));
  const size_t shown = HasMinorUnit(money.currency_code()) ? 2 : 0;
  while (decimals.size() > shown && decimals.back() == '0') decimals.pop_back();
  if (!decimals.empty()) absl::StrAppend(&text, ".", decimals);
  if (!money.currency_code().empty()) absl::StrAppend(&text, " ", money.currency_code());
  return text;
}

std::string FormatDate(const google::type::Date& date) {
  if (date.year() == 0) return absl::StrFormat("--%02d-%02d", date.month(), date.day());
  return absl::StrFormat("%04d-%02d-%02d", date.year(), date.month(), date.day());
}

std::string FormatTimestamp(const google::protobuf::Timestamp& timestamp, absl::TimeZone zone) {
  return absl::FormatTime("%Y-%m-%d %H:%M", absl::FromUnixSeconds(timestamp.seconds()), zone);
}

std::string FormatDuration(const google::protobuf::Duration& duration) {
  constexpr std::pair<int64_t, const char*> kUnits[] = {
      {86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
  int64_t rest = std::abs(duration.seconds());
  std::string text;
  int shown = 0;
  for (const auto& [seconds, unit] : kUnits) {
    if (shown == 2) break;
    if (rest < seconds && shown == 0) continue;
    if (const int64_t count = rest / seconds; count > 0) {
      absl::StrAppend(&text, text.empty() ? "" : " ", count, unit);
    }
    rest %= seconds;
    ++shown;
  }
  if (text.empty()) return "0s";
  return duration.seconds() < 0 ? absl::StrCat("-", text) : text;
}

std::string FormatCount(int64_t count) {
  return count < 0 ? absl::StrCat("-", WithThousands(-static_cast<uint64_t>(count)))
                   : WithThousands(static_cast<uint64_t>(count));
}

std::string ExpandName(absl::string_view pattern, absl::string_view text) {
  const std::vector<absl::string_view> given = absl::StrSplit(text, '/');
  std::vector<absl::string_view> segments = absl::StrSplit(pattern, '/');
  if (text.empty() || given.front() == segments.front()) return std::string(text);
  size_t next = 0;
  for (absl::string_view& segment : segments) {
    if (!absl::StartsWith(segment, "{")) continue;
    if (next == given.size()) return std::string(text);
    segment = given[next++];
  }
  return next == given.size() ? absl::StrJoin(segments, "/") : std::string(text);
}

}  // namespace kith::cli
