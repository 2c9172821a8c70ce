#include "services/meetings/meeting_fields.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "services/core/date.h"
#include "services/core/reject.h"

namespace kith::meetings {
namespace {

constexpr absl::Duration kLengthUsual = absl::Hours(1);
constexpr absl::Duration kLengthMax = absl::Hours(24 * 366);

absl::TimeZone ZoneOf(const v1::Meeting& meeting) {
  return TimeZoneOf(meeting.time_zone()).value_or(absl::UTCTimeZone());
}

// When the day begins that is not over just before this moment.
absl::Time EndOfDays(absl::Time end, absl::TimeZone zone) {
  const absl::CivilDay last = absl::ToCivilDay(end - absl::Microseconds(1), zone);
  return TimeOf(absl::CivilSecond(last + 1), zone);
}

const v1::Attendee* FindAttendee(const v1::Meeting& meeting, const std::string& name) {
  const auto found = std::find_if(meeting.attendees().begin(), meeting.attendees().end(),
                                  [&](const auto& one) { return one.attendee() == name; });
  return found == meeting.attendees().end() ? nullptr : &*found;
}

void SetAnswers(const v1::Meeting& before, v1::Meeting& after) {
  for (v1::Attendee& attendee : *after.mutable_attendees()) {
    if (attendee.answer() != v1::ATTENDEE_ANSWER_UNSPECIFIED) continue;
    const v1::Attendee* const known = FindAttendee(before, attendee.attendee());
    attendee.set_answer(known == nullptr ? v1::NEEDS_ACTION : known->answer());
  }
}

}  // namespace

void SetTimes(v1::Meeting& meeting) {
  if (!meeting.has_start_time()) return;
  absl::Time start = FromTimestamp(meeting.start_time());
  if (meeting.all_day()) {
    const absl::TimeZone zone = ZoneOf(meeting);
    const absl::Time end =
        meeting.has_end_time() ? FromTimestamp(meeting.end_time()) : start + absl::Microseconds(1);
    start = TimeOf(absl::CivilSecond(absl::ToCivilDay(start, zone)), zone);
    *meeting.mutable_start_time() = ToTimestamp(start);
    *meeting.mutable_end_time() = ToTimestamp(EndOfDays(end, zone));
  } else if (!meeting.has_end_time()) {
    *meeting.mutable_end_time() = ToTimestamp(start + kLengthUsual);
  }
}

void CompleteFields(const v1::Meeting& before, const Settings& settings, v1::Meeting& after) {
  if (after.time_zone().empty()) {
    after.set_time_zone(settings.time_zone.empty() ? "UTC" : settings.time_zone);
  }
  SetTimes(after);
  SetAnswers(before, after);
  const bool is_new = before.name().empty();
  const bool is_elsewhere =
      after.location() != before.location() || after.conference_url() != before.conference_url();
  if (!is_new && is_elsewhere) after.set_sequence(before.sequence() + 1);
}

void CheckTimes(const v1::Meeting& meeting, absl::string_view prefix,
                google::rpc::BadRequest& violations) {
  const std::string field = absl::StrCat(prefix, "end_time");
  const absl::Duration length =
      FromTimestamp(meeting.end_time()) - FromTimestamp(meeting.start_time());
  if (length <= absl::ZeroDuration()) {
    AddViolation(field, "must be later than start_time", violations);
  } else if (length > kLengthMax) {
    AddViolation(field, "must be at most 366 days after start_time", violations);
  }
  for (const auto* const time : {&meeting.start_time(), &meeting.end_time()}) {
    if (TimeDefect(*time).empty()) continue;
    AddViolation(time == &meeting.start_time() ? absl::StrCat(prefix, "start_time") : field,
                 TimeDefect(*time), violations);
  }
}

absl::Status CheckFields(const v1::Meeting& meeting) {
  google::rpc::BadRequest violations;
  CheckTimes(meeting, "meeting.", violations);
  for (int i = 0; i < meeting.attendees_size(); ++i) {
    for (int other = 0; other < i; ++other) {
      if (meeting.attendees(other).attendee() != meeting.attendees(i).attendee()) continue;
      AddViolation(absl::StrCat("meeting.attendees[", i, "].attendee"),
                   absl::StrCat("is attendees[", other, "] already"), violations);
      break;
    }
  }
  return RejectFields(violations);
}

}  // namespace kith::meetings
