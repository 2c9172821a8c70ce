#include "services/meetings/meeting.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/meetings/v1/meetings_errors.pb.h"
#include "projections/meetings/meeting_fold.h"
#include "services/core/check_as_seen.h"
#include "services/core/meeting_records.h"
#include "services/core/reject.h"
#include "services/meetings/meeting_fields.h"

namespace kith::meetings {
namespace {

absl::Status MeetingClosed(const v1::Meeting& meeting) {
  return RejectState(v1::MEETINGS_ERROR_MEETING_CLOSED,
                     "The meeting was held, missed or cancelled. Reopen it first.", meeting.name(),
                     {{"state", v1::MeetingState_Name(meeting.state())}});
}

// What becomes of a meeting that is scheduled; `is_so` where it has become that already.
template <class Command>
Decision CloseBy(const MeetingState& state, const Command& command, bool is_so,
                 v1::MeetingEvent event) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(Rules(), state, command));
  if (is_so) return NoChange();
  if (state.resource.state() != v1::SCHEDULED) return MeetingClosed(state.resource);
  return Changes().Append(command.name(), std::move(event));
}

// Of a meeting's own event: in whose timelines it stands.
template <class Event>
void SetRecords(const v1::Meeting& meeting, Event& event) {
  event.set_name(meeting.name());
  for (const std::string& record : RecordsOf(meeting)) event.add_records(record);
}

// The meeting with the times that the command says.
v1::Meeting Rescheduled(const v1::Meeting& meeting, const v1::RescheduleMeetingRequest& command) {
  v1::Meeting after = meeting;
  *after.mutable_start_time() = command.start_time();
  if (command.has_end_time()) {
    *after.mutable_end_time() = command.end_time();
  } else {
    const absl::Duration length =
        FromTimestamp(meeting.end_time()) - FromTimestamp(meeting.start_time());
    *after.mutable_end_time() = ToTimestamp(FromTimestamp(command.start_time()) + length);
  }
  after.set_all_day(command.all_day());
  if (!command.time_zone().empty()) after.set_time_zone(command.time_zone());
  SetTimes(after);
  return after;
}

bool HaveSameTimes(const v1::Meeting& a, const v1::Meeting& b) {
  return FromTimestamp(a.start_time()) == FromTimestamp(b.start_time()) &&
         FromTimestamp(a.end_time()) == FromTimestamp(b.end_time()) && a.all_day() == b.all_day() &&
         a.time_zone() == b.time_zone();
}

}  // namespace

const ResourceRules& Rules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<MeetingAggregate>()
                             .NotFound(v1::MEETINGS_ERROR_MEETING_NOT_FOUND)
                             .LinkNotFound(v1::MEETINGS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .OwnedByCreator()
                             .Complete(CompleteFields)
                             .Check(CheckFields)
                             .FoldedBy<FoldMeeting>()
                             .Build());
  return rules;
}

Decision Decide(const MeetingState& state, const v1::RescheduleMeetingRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(Rules(), state, command));
  const v1::Meeting& meeting = state.resource;
  if (meeting.state() != v1::SCHEDULED) return MeetingClosed(meeting);
  const v1::Meeting after = Rescheduled(meeting, command);
  google::rpc::BadRequest violations;
  CheckTimes(after, "", violations);
  KITH_RETURN_IF_ERROR(RejectFields(violations));
  if (HaveSameTimes(meeting, after)) return NoChange();
  v1::MeetingEvent event;
  v1::MeetingRescheduled& rescheduled = *event.mutable_meeting_rescheduled();
  SetRecords(meeting, rescheduled);
  *rescheduled.mutable_start_time() = after.start_time();
  *rescheduled.mutable_end_time() = after.end_time();
  rescheduled.set_all_day(after.all_day());
  rescheduled.set_time_zone(after.time_zone());
  return Changes().Append(meeting.name(), std::move(event));
}

Decision Decide(const MeetingState& state, const v1::CancelMeetingRequest& command,
                const CommandContext&) {
  v1::MeetingEvent event;
  SetRecords(state.resource, *event.mutable_meeting_cancelled());
  event.mutable_meeting_cancelled()->set_reason(command.reason());
  const bool is_so =
      state.resource.state() == v1::CANCELLED && state.resource.cancel_reason() == command.reason();
  return CloseBy(state, command, is_so, std::move(event));
}

Decision Decide(const MeetingState& state, const v1::HoldMeetingRequest& command,
                const CommandContext&) {
  v1::MeetingEvent event;
  SetRecords(state.resource, *event.mutable_meeting_held());
  return CloseBy(state, command, state.resource.state() == v1::HELD, std::move(event));
}

Decision Decide(const MeetingState& state, const v1::MissMeetingRequest& command,
                const CommandContext&) {
  v1::MeetingEvent event;
  SetRecords(state.resource, *event.mutable_meeting_missed());
  return CloseBy(state, command, state.resource.state() == v1::NO_SHOW, std::move(event));
}

Decision Decide(const MeetingState& state, const v1::ReopenMeetingRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(Rules(), state, command));
  if (state.resource.state() == v1::SCHEDULED) {
    return RejectState(v1::MEETINGS_ERROR_MEETING_OPEN,
                       "The meeting is scheduled: there is nothing to reopen.", command.name());
  }
  v1::MeetingEvent event;
  SetRecords(state.resource, *event.mutable_meeting_reopened());
  return Changes().Append(command.name(), std::move(event));
}

Decision Decide(const MeetingState& state, const v1::RespondToMeetingRequest& command,
                const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(Rules(), state, command));
  const v1::Meeting& meeting = state.resource;
  const std::string attendee =
      command.attendee().empty() ? std::string(context.user) : command.attendee();
  if (attendee.empty()) {
    return RejectField("attendee", "is required of a caller who is no user");
  }
  const bool is_theirs =
      context.user.empty() || context.user == attendee || context.user == meeting.owner();
  if (!is_theirs) {
    return Reject(
        v1::MEETINGS_ERROR_NOT_YOURS_TO_ANSWER,
        absl::StrCat("Whether ", attendee, " comes is theirs to say, or the organizer's."),
        {{"name", meeting.name()}, {"attendee", attendee}});
  }
  if (meeting.state() != v1::SCHEDULED) return MeetingClosed(meeting);
  const auto invited = std::find_if(meeting.attendees().begin(), meeting.attendees().end(),
                                    [&](const auto& one) { return one.attendee() == attendee; });
  if (invited == meeting.attendees().end()) {
    return RejectState(v1::MEETINGS_ERROR_NOT_INVITED,
                       absl::StrCat(attendee, " is not invited. Add them to the attendees."),
                       meeting.name(), {{"attendee", attendee}});
  }
  if (invited->answer() == command.answer()) return NoChange();
  v1::MeetingEvent event;
  v1::MeetingAnswered& answered = *event.mutable_meeting_answered();
  answered.set_name(meeting.name());
  answered.set_attendee(attendee);
  answered.set_answer(command.answer());
  return Changes().Append(meeting.name(), std::move(event));
}

MeetingState Evolve(MeetingState state, const Recorded<v1::MeetingEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource, FoldMeeting);
  return state;
}

}  // namespace kith::meetings
