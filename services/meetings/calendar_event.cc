#include "services/meetings/calendar_event.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "services/core/date.h"
#include "services/core/resource_name.h"

namespace kith::meetings {

CalendarEvent EventOf(const v1::Meeting& meeting) {
  CalendarEvent event;
  event.uid = absl::StrCat(IdOf(meeting.name()), "@kith");
  event.sequence = meeting.sequence();
  event.changed = FromTimestamp(meeting.update_time());
  event.start = FromTimestamp(meeting.start_time());
  event.end = FromTimestamp(meeting.end_time());
  event.is_all_day = meeting.all_day();
  const absl::TimeZone zone = TimeZoneOf(meeting.time_zone()).value_or(absl::UTCTimeZone());
  event.first_day = absl::ToCivilDay(event.start, zone);
  event.end_day = absl::ToCivilDay(event.end, zone);
  event.is_cancelled = meeting.state() == v1::CANCELLED;
  event.summary = meeting.display_name();
  event.description = meeting.description();
  event.location = meeting.location();
  event.url = meeting.conference_url();
  return event;
}

}  // namespace kith::meetings
