// Business time: when somebody is at work, and how long things take if only that counts.
//
// Seconds are those that pass on a clock while the calendar is open, so a period that a change of
// the clocks falls into is longer or shorter that day. A moment that is reached as a period closes
// is that one, and not the next opening. Pure functions, any thread; each looks at twenty years of
// days at most.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace kith {

inline constexpr int kDaySeconds = 86'400;

// A part of a day, in seconds that the clocks show after its midnight: from `open` to before
// `close`, which is at most kDaySeconds, the midnight after it.
struct OpenPeriod {
  int open = 0;
  int close = 0;
  friend bool operator==(const OpenPeriod&, const OpenPeriod&) = default;
};

// Those of one day, in their order, none beginning before the one before it ends; none: closed.
using DayPeriods = std::vector<OpenPeriod>;

struct WorkCalendar {
  absl::TimeZone zone = absl::UTCTimeZone();
  std::array<DayPeriods, 7> week;             // Monday's first
  std::map<absl::CivilDay, DayPeriods> days;  // of single days, instead of their weekday's
};

const DayPeriods& PeriodsOf(const WorkCalendar& calendar, absl::CivilDay day);
// A day with a period.
bool IsBusinessDay(const WorkCalendar& calendar, absl::CivilDay day);

// The moment when so much business time has passed since `start`, or of a negative amount, the one
// since which it has passed until `start`. No time at all leads nowhere else. Nullopt: not within
// twenty years.
std::optional<absl::Time> AddBusinessTime(const WorkCalendar& calendar, absl::Time start,
                                          absl::Duration amount);
// What passes from `from` to `to`; negative where that is before. Nullopt: they are more than
// twenty years apart.
std::optional<absl::Duration> BusinessTimeBetween(const WorkCalendar& calendar, absl::Time from,
                                                  absl::Time to);

// The local time at which a day opens first, in `zone`: when what is due on a day without a time is
// told. Nullopt: it is closed.
std::optional<absl::Time> FirstOpening(const WorkCalendar& calendar, absl::CivilDay day,
                                       absl::TimeZone zone);

// What becomes of a day that is no business day.
enum class Roll {
  kForward,          // the next one that is
  kBack,             // the last one before
  kModifiedForward,  // the next one, but where that is in another month, the last one before
};

// Nullopt: there is none within twenty years.
std::optional<absl::CivilDay> RollToBusinessDay(const WorkCalendar& calendar, absl::CivilDay day,
                                                Roll roll);
// The day is rolled first, then `count` business days are counted from it, or back.
std::optional<absl::CivilDay> AddBusinessDays(const WorkCalendar& calendar, absl::CivilDay day,
                                              int64_t count, Roll roll);

}  // namespace kith
