#include "services/core/recurrence.h"

#include <libical/ical.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "eventstore/base/check.h"
#include "services/core/date.h"

namespace kith {
namespace {

constexpr int kYearsMax = 50;
constexpr size_t kRuleBytesMax = 256;

// A rule in its parts: "FREQ" and "WEEKLY".
using Part = std::pair<absl::string_view, absl::string_view>;
using Parts = std::vector<Part>;

// A part with numbers: of which frequencies, and from where to where they go.
struct NumberPart {
  absl::string_view key;
  absl::string_view frequencies;  // "YM": their first letters
  int max;
  bool may_be_negative;
};
constexpr NumberPart kNumberParts[] = {
    {"BYMONTH", "DWMY", 12, false}, {"BYMONTHDAY", "DMY", 31, true}, {"BYYEARDAY", "Y", 366, true},
    {"BYWEEKNO", "Y", 53, true},    {"BYSETPOS", "MY", 366, true},
};
constexpr int kIntervalMax = 1'000;
constexpr int kCountMax = 10'000;
constexpr absl::string_view kWeekdays[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
constexpr absl::string_view kFrequencies[] = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"};

bool IsOne(absl::string_view text, absl::Span<const absl::string_view> of) {
  return std::find(of.begin(), of.end(), text) != of.end();
}

absl::string_view Find(const Parts& parts, absl::string_view key) {
  const auto found =
      std::find_if(parts.begin(), parts.end(), [&](const Part& part) { return part.first == key; });
  return found == parts.end() ? absl::string_view() : found->second;
}

bool Has(const Parts& parts, absl::string_view key) { return !Find(parts, key).empty(); }

// False where it is not in the form KEY=VALUE;KEY=VALUE, or a key stands there twice.
bool Split(absl::string_view rule, Parts& parts) {
  for (const absl::string_view part : absl::StrSplit(rule, ';')) {
    const size_t equals = part.find('=');
    if (equals == part.npos || equals + 1 == part.size()) return false;
    const absl::string_view key = part.substr(0, equals);
    if (Has(parts, key)) return false;
    parts.emplace_back(key, part.substr(equals + 1));
  }
  return true;
}

bool ParseNumber(absl::string_view text, int min, int max, int* number) {
  return absl::SimpleAtoi(text, number) && *number >= min && *number <= max && *number != 0;
}

// Where a series ends: a moment, or a day or time that the clocks show.
struct Until {
  std::optional<absl::Time> time;
  absl::CivilSecond local;
};

// "19971224T000000Z", "19971224T000000" or "19971224"; nullopt where it is none of these.
std::optional<Until> ParseUntil(absl::string_view text) {
  const std::string value(text);
  absl::CivilSecond local;
  if (text.size() == 8) {
    absl::Time day;
    std::string error;
    if (!absl::ParseTime("%E4Y%m%d", value, absl::UTCTimeZone(), &day, &error)) return std::nullopt;
    local = absl::CivilSecond(absl::ToCivilDay(day, absl::UTCTimeZone()) + 1) - 1;
    return Until{std::nullopt, local};
  }
  absl::Time time;
  std::string error;
  const bool is_utc = text.size() == 16 && text.back() == 'Z';
  if (!is_utc && text.size() != 15) return std::nullopt;
  if (!absl::ParseTime("%E4Y%m%dT%H%M%S", value.substr(0, 15), absl::UTCTimeZone(), &time,
                       &error)) {
    return std::nullopt;
  }
  if (is_utc) return Until{time, {}};
  return Until{std::nullopt, absl::ToCivilSecond(time, absl::UTCTimeZone())};
}

std::string DaysDefect(absl::string_view value, char frequency) {
  for (const absl::string_view day : absl::StrSplit(value, ',')) {
    if (day.size() < 2 || !IsOne(day.substr(day.size() - 2), kWeekdays)) {
      return "must have days like MO or 1FR in BYDAY";
    }
    const absl::string_view ordinal = day.substr(0, day.size() - 2);
    int number = 0;
    if (ordinal.empty()) continue;
    if (frequency == 'D' || frequency == 'W') {
      return "must have days like MO in BYDAY: which one of a month or year, only FREQ=MONTHLY and "
             "YEARLY can say";
    }
    if (!ParseNumber(ordinal, -53, 53, &number)) {
      return "must have days like MO or 1FR in BYDAY, the number from 1 to 53, or so many from the "
             "end";
    }
  }
  return "";
}

std::string NumbersDefect(const NumberPart& rule, absl::string_view value, char frequency) {
  if (rule.frequencies.find(frequency) == rule.frequencies.npos) {
    return absl::StrCat("must not have ", rule.key, " with this FREQ");
  }
  for (const absl::string_view text : absl::StrSplit(value, ',')) {
    int number = 0;
    if (ParseNumber(text, rule.may_be_negative ? -rule.max : 1, rule.max, &number)) continue;
    return absl::StrCat("must have numbers from 1 to ", rule.max, " in ", rule.key,
                        rule.may_be_negative ? ", or so many from the end" : "");
  }
  return "";
}

std::string PartDefect(const Part& part, char frequency) {
  const auto [key, value] = part;
  int number = 0;
  if (key == "FREQ") return "";
  if (key == "INTERVAL") {
    return ParseNumber(value, 1, kIntervalMax, &number)
               ? ""
               : absl::StrCat("must have an INTERVAL from 1 to ", kIntervalMax);
  }
  if (key == "COUNT") {
    return ParseNumber(value, 1, kCountMax, &number)
               ? ""
               : absl::StrCat("must have a COUNT from 1 to ", kCountMax);
  }
  if (key == "UNTIL") {
    return ParseUntil(value).has_value()
               ? ""
               : "must have an UNTIL like 20261224, 20261224T180000 or 20261224T180000Z";
  }
  if (key == "WKST") return IsOne(value, kWeekdays) ? "" : "must have a day like MO in WKST";
  if (key == "BYDAY") return DaysDefect(value, frequency);
  for (const NumberPart& rule : kNumberParts) {
    if (key == rule.key) return NumbersDefect(rule, value, frequency);
  }
  return absl::StrCat("must not have ", key, ": it has FREQ, INTERVAL, COUNT, UNTIL, WKST, BYDAY, ",
                      absl::StrJoin(kNumberParts, ", ", [](std::string* out, const auto& rule) {
                        absl::StrAppend(out, rule.key);
                      }));
}

// Some day of these months has one of these numbers, from either end.
bool SomeMonthHasTheDay(absl::string_view months, absl::string_view days) {
  constexpr int kLengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (const absl::string_view month : absl::StrSplit(months, ',')) {
    for (const absl::string_view day : absl::StrSplit(days, ',')) {
      int at = 0;
      int number = 0;
      if (ParseNumber(month, 1, 12, &at) && ParseNumber(day, -31, 31, &number) &&
          std::abs(number) <= kLengths[at - 1]) {
        return true;
      }
    }
  }
  return false;
}

bool HasOrdinal(absl::string_view days) {
  const std::vector<absl::string_view> each = absl::StrSplit(days, ',');
  return std::any_of(each.begin(), each.end(),
                     [](absl::string_view day) { return day.size() > 2; });
}

// Which of its kind in the month or year a day is, and which of the set: only what surely comes
// again, as looking for what never does takes libical seconds.
std::string PlaceDefect(const Parts& parts, char frequency) {
  const absl::string_view days = Find(parts, "BYDAY");
  const bool has_numbers =
      Has(parts, "BYMONTHDAY") || Has(parts, "BYYEARDAY") || Has(parts, "BYWEEKNO");
  const bool is_of_months = frequency == 'M' || Has(parts, "BYMONTH");
  if (HasOrdinal(days)) {
    if (has_numbers) return "must not have days like 1FR beside numbers of days or weeks";
    for (const absl::string_view day : absl::StrSplit(days, ',')) {
      int number = 0;
      if (is_of_months && ParseNumber(day.substr(0, day.size() - 2), -53, 53, &number) &&
          std::abs(number) > 5) {
        return "must have at most the fifth of a weekday in BYDAY, of a month";
      }
    }
  }
  if (!Has(parts, "BYSETPOS")) return "";
  const auto count = static_cast<int>(std::count(days.begin(), days.end(), ',')) + 1;
  const bool is_of_days = !days.empty() && !has_numbers && !HasOrdinal(days);
  const int most = is_of_days ? count * (is_of_months ? 4 : 52) : 1;
  for (const absl::string_view text : absl::StrSplit(Find(parts, "BYSETPOS"), ',')) {
    int number = 0;
    if (ParseNumber(text, -most, most, &number)) continue;
    return absl::StrCat("must have numbers from 1 to ", most,
                        " in BYSETPOS, or so many from the end: "
                        "as many as there always are");
  }
  return "";
}

std::string TogetherDefect(const Parts& parts, char frequency) {
  if (Has(parts, "COUNT") && Has(parts, "UNTIL")) return "must not have both COUNT and UNTIL";
  const auto is_by = [](const Part& part) {
    return part.first.substr(0, 2) == "BY" && part.first != "BYSETPOS";
  };
  const bool has_by = std::any_of(parts.begin(), parts.end(), is_by);
  if (Has(parts, "BYSETPOS") && !has_by) {
    return "must have a BY part beside BYSETPOS";
  }
  const absl::string_view interval = Find(parts, "INTERVAL");
  if (frequency == 'D' && has_by && !interval.empty() && interval != "1") {
    return "must not have both INTERVAL and a BY part with FREQ=DAILY";
  }
  const absl::string_view months = Find(parts, "BYMONTH");
  const absl::string_view days = Find(parts, "BYMONTHDAY");
  if (!months.empty() && !days.empty() && !SomeMonthHasTheDay(months, days)) {
    return "must have a day in BYMONTHDAY that is in one of the months";
  }
  return PlaceDefect(parts, frequency);
}

icaltimetype ToIcal(absl::CivilSecond at) {
  icaltimetype time = icaltime_null_time();
  time.year = static_cast<int>(at.year());
  time.month = at.month();
  time.day = at.day();
  time.hour = at.hour();
  time.minute = at.minute();
  time.second = at.second();
  return time;
}

absl::CivilSecond FromIcal(const icaltimetype& time) {
  return absl::CivilSecond(time.year, time.month, time.day, time.hour, time.minute, time.second);
}

struct FreeIterator {
  void operator()(icalrecur_iterator* iterator) const { icalrecur_iterator_free(iterator); }
};
using Iterator = std::unique_ptr<icalrecur_iterator, FreeIterator>;

// Where the series ends is looked at by who walks along it. Null where libical takes no such rule,
// or it never meets a day.
Iterator Begin(const Parts& parts, absl::CivilSecond start) {
  static const bool is_set = [] {
    icalerror_set_errors_are_fatal(0);
    return true;
  }();
  KITH_CHECK(is_set);
  std::vector<std::string> kept;
  for (const auto& [key, value] : parts) {
    if (key != "UNTIL") kept.push_back(absl::StrCat(key, "=", value));
  }
  const icalrecurrencetype rule = icalrecurrencetype_from_string(absl::StrJoin(kept, ";").c_str());
  if (rule.freq == ICAL_NO_RECURRENCE) return nullptr;
  return Iterator(icalrecur_iterator_new(rule, ToIcal(start)));
}

// All in order, until `visit` says false.
void Walk(const Series& series, const std::function<bool(absl::CivilSecond)>& visit) {
  Parts parts;
  KITH_CHECK(Split(series.rule, parts));
  std::optional<Until> until;
  if (Has(parts, "UNTIL")) until = ParseUntil(Find(parts, "UNTIL"));
  const Iterator iterator = Begin(parts, series.start);
  if (iterator == nullptr) return;
  const auto last_year = series.start.year() + kYearsMax;
  while (true) {
    const icaltimetype next = icalrecur_iterator_next(iterator.get());
    if (icaltime_is_null_time(next) != 0) return;
    const absl::CivilSecond at = FromIcal(next);
    if (at.year() > last_year) return;
    if (until.has_value()) {
      const bool is_beyond =
          until->time.has_value() ? TimeOf(at, series.zone) > *until->time : at > until->local;
      if (is_beyond) return;
    }
    const auto& none = series.exceptions;
    if (std::find(none.begin(), none.end(), at) != none.end()) continue;
    if (!visit(at)) return;
  }
}

}  // namespace

std::string RecurrenceDefect(absl::string_view rule) {
  constexpr char kForm[] = "must be a rule of RFC 5545 like FREQ=WEEKLY;BYDAY=MO, each part once";
  if (rule.size() > kRuleBytesMax) {
    return absl::StrCat("must be at most ", kRuleBytesMax, " bytes long");
  }
  Parts parts;
  if (!Split(rule, parts)) return kForm;
  const absl::string_view frequency = Find(parts, "FREQ");
  if (!IsOne(frequency, kFrequencies)) {
    return absl::StrCat("must have a FREQ that is one of ", absl::StrJoin(kFrequencies, ", "));
  }
  for (const Part& part : parts) {
    std::string defect = PartDefect(part, frequency[0]);
    if (!defect.empty()) return defect;
  }
  std::string defect = TogetherDefect(parts, frequency[0]);
  if (!defect.empty()) return defect;
  // In a leap year, which has all days there are.
  return Begin(parts, absl::CivilSecond(2024, 1, 1)) == nullptr ? kForm : "";
}

std::vector<absl::CivilSecond> Occurrences(const Series& series, size_t most) {
  std::vector<absl::CivilSecond> occurrences;
  if (most == 0) return occurrences;
  Walk(series, [&](absl::CivilSecond at) {
    occurrences.push_back(at);
    return occurrences.size() < most;
  });
  return occurrences;
}

std::optional<absl::CivilSecond> NextOccurrence(const Series& series, absl::CivilSecond after) {
  std::optional<absl::CivilSecond> next;
  Walk(series, [&](absl::CivilSecond at) {
    if (at <= after) return true;
    next = at;
    return false;
  });
  return next;
}

}  // namespace kith
