#include "projections/meetings/meeting_fold.h"

#include "eventstore/base/proto_time.h"
#include "kith/meetings/v1/meeting_events.pb.h"

namespace kith::meetings {
namespace {

void Schedule(v1::Meeting& meeting) {
  meeting.set_state(v1::SCHEDULED);
  meeting.clear_close_time();
  meeting.clear_cancel_reason();
}

void Close(v1::MeetingState state, absl::Time time, v1::Meeting& meeting) {
  meeting.set_state(state);
  *meeting.mutable_close_time() = ToTimestamp(time);
}

// Whoever has it in a calendar has to hear of it.
void Raise(v1::Meeting& meeting) { meeting.set_sequence(meeting.sequence() + 1); }

void Reschedule(const v1::MeetingRescheduled& rescheduled, v1::Meeting& meeting) {
  *meeting.mutable_start_time() = rescheduled.start_time();
  *meeting.mutable_end_time() = rescheduled.end_time();
  meeting.set_all_day(rescheduled.all_day());
  meeting.set_time_zone(rescheduled.time_zone());
  for (v1::Attendee& attendee : *meeting.mutable_attendees()) {
    attendee.set_answer(v1::NEEDS_ACTION);
  }
}

void Answer(const v1::MeetingAnswered& answered, v1::Meeting& meeting) {
  for (v1::Attendee& attendee : *meeting.mutable_attendees()) {
    if (attendee.attendee() == answered.attendee()) attendee.set_answer(answered.answer());
  }
}

}  // namespace

StandardEvent FoldMeeting(const Happening& happening, v1::Meeting& meeting) {
  const StandardEvent kind = FoldStandardEvent(happening, meeting);
  const auto& event = static_cast<const v1::MeetingEvent&>(happening.event);
  const absl::Time time = happening.occur_time;
  switch (event.event_case()) {
    case v1::MeetingEvent::kMeetingCreated:
      Schedule(meeting);
      break;
    case v1::MeetingEvent::kMeetingRescheduled:
      Reschedule(event.meeting_rescheduled(), meeting);
      Raise(meeting);
      break;
    case v1::MeetingEvent::kMeetingCancelled:
      Close(v1::CANCELLED, time, meeting);
      meeting.set_cancel_reason(event.meeting_cancelled().reason());
      Raise(meeting);
      break;
    case v1::MeetingEvent::kMeetingHeld:
      Close(v1::HELD, time, meeting);
      break;
    case v1::MeetingEvent::kMeetingMissed:
      Close(v1::NO_SHOW, time, meeting);
      break;
    case v1::MeetingEvent::kMeetingReopened:
      // A calendar knows only what was cancelled.
      if (meeting.state() == v1::CANCELLED) Raise(meeting);
      Schedule(meeting);
      break;
    case v1::MeetingEvent::kMeetingAnswered:
      Answer(event.meeting_answered(), meeting);
      break;
    case v1::MeetingEvent::kMeetingUpdated:
    case v1::MeetingEvent::kMeetingDeleted:
    case v1::MeetingEvent::kMeetingUndeleted:
    case v1::MeetingEvent::EVENT_NOT_SET:
      break;
  }
  return kind;
}

}  // namespace kith::meetings
