#include "services/notifications/mail_time.h"

#include <optional>
#include <string>

#include "services/core/date.h"

namespace kith::notifications {
namespace {

constexpr char kDigestUsual[] = "08:00";

// The first time after `now` at which the zone's clocks show so many seconds after midnight.
absl::Time NextAt(absl::Time now, int seconds, absl::TimeZone zone) {
  absl::CivilDay day = absl::ToCivilDay(now, zone);
  while (true) {
    const absl::Time at = TimeOf(absl::CivilSecond(day) + seconds, zone);
    if (at > now) return at;
    ++day;
  }
}

bool IsQuiet(absl::Time now, int start, int end, absl::TimeZone zone) {
  const absl::CivilSecond local = absl::ToCivilSecond(now, zone);
  const auto seconds = static_cast<int>(local - absl::CivilSecond(absl::CivilDay(local)));
  if (start < end) return start <= seconds && seconds < end;
  return start <= seconds || seconds < end;
}

}  // namespace

absl::Time MailTime(absl::Time now, const v1::NotificationPreferences& preferences, bool in_digest,
                    absl::TimeZone zone) {
  absl::Time at = now;
  if (in_digest) {
    const std::string& said = preferences.digest_time();
    at = NextAt(now, DaySecondsOf(said.empty() ? kDigestUsual : said).value_or(0), zone);
  }
  const std::optional<int> start = DaySecondsOf(preferences.quiet_start_time());
  const std::optional<int> end = DaySecondsOf(preferences.quiet_end_time());
  if (!start.has_value() || !end.has_value() || !IsQuiet(at, *start, *end, zone)) return at;
  return NextAt(at, *end, zone);
}

}  // namespace kith::notifications
