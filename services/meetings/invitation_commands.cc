#include "services/meetings/invitation_commands.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "eventstore/base/check.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/meetings/v1/meetings_errors.pb.h"
#include "kith/messages/v1/messages_service.pb.h"
#include "kith/users/v1/user_events.pb.h"
#include "projections/meetings/meeting_invitations.h"
#include "services/core/by_itself.h"
#include "services/core/date.h"
#include "services/core/icalendar.h"
#include "services/core/merge_fields.h"
#include "services/core/reject.h"
#include "services/core/resource_rules.h"
#include "services/meetings/calendar_event.h"
#include "services/meetings/meeting.h"
#include "services/runtime/admission/not_granted.h"

namespace kith::meetings {
namespace {

constexpr absl::string_view kSend = "kith.messages.v1.MessagesService/SendMessage";

// What other records say, as far as an invitation needs it.
struct ContactAggregate : ResourceAggregate<contacts::v1::Contact, contacts::v1::ContactEvent> {
  static constexpr absl::string_view kCategory = "contacts";
};
struct UserAggregate : ResourceAggregate<users::v1::User, users::v1::UserEvent> {
  static constexpr absl::string_view kCategory = "users";
};

bool IsInvited(const v1::Meeting& meeting, const std::string& contact) {
  return std::any_of(meeting.attendees().begin(), meeting.attendees().end(),
                     [&](const auto& one) { return one.attendee() == contact; });
}

// Whether it is still what was asked to be told; what became of it since is told by itself.
bool IsStill(const MeetingState& state, const v1::SendMeetingInvitationRequest& command) {
  const v1::Meeting& meeting = state.resource;
  if (meeting.sequence() != command.sequence()) return false;
  if (state.lifecycle == Lifecycle::kDeleted) return command.cancel();
  if (!meeting.send_invitations()) return false;
  const bool is_on = meeting.state() == v1::SCHEDULED && IsInvited(meeting, command.contact());
  return is_on != command.cancel();
}

// "2026-12-01 09:00 to 2026-12-01 10:00 (Europe/Berlin)", or the days.
std::string When(const CalendarEvent& event, const std::string& zone_name) {
  if (event.is_all_day) {
    const absl::CivilDay last = event.end_day - 1;
    const std::string first = absl::FormatCivilTime(event.first_day);
    return last == event.first_day ? first
                                   : absl::StrCat(first, " to ", absl::FormatCivilTime(last));
  }
  const absl::TimeZone zone = TimeZoneOf(zone_name).value_or(absl::UTCTimeZone());
  const auto shown = [&](absl::Time time) {
    return absl::FormatTime("%Y-%m-%d %H:%M", time, zone);
  };
  return absl::StrCat(shown(event.start), " to ", shown(event.end), " (",
                      zone_name.empty() ? "UTC" : zone_name, ")");
}

std::string TextOf(const CalendarEvent& event, const std::string& time_zone) {
  std::string text = absl::StrCat(event.summary, "\n\nWhen: ", When(event, time_zone), "\n");
  if (!event.location.empty()) absl::StrAppend(&text, "Where: ", event.location, "\n");
  if (!event.url.empty()) absl::StrAppend(&text, event.url, "\n");
  if (!event.description.empty()) absl::StrAppend(&text, "\n", event.description, "\n");
  return text;
}

std::string SubjectOf(const CalendarEvent& event, bool cancel) {
  const absl::string_view what = cancel                ? "Cancelled: "
                                 : event.sequence == 0 ? "Invitation: "
                                                       : "Updated invitation: ";
  return absl::StrCat(what, event.summary);
}

CalendarAnswer AnswerOf(const v1::Meeting& meeting, const std::string& contact) {
  for (const v1::Attendee& one : meeting.attendees()) {
    if (one.attendee() != contact) continue;
    if (one.answer() == v1::ACCEPTED) return CalendarAnswer::kAccepted;
    if (one.answer() == v1::DECLINED) return CalendarAnswer::kDeclined;
    if (one.answer() == v1::TENTATIVE) return CalendarAnswer::kTentative;
  }
  return CalendarAnswer::kNeedsAction;
}

absl::StatusOr<CalendarPerson> OrganizerOf(runtime::Loader& load, const v1::Meeting& meeting,
                                           const CommandContext& context) {
  CalendarPerson organizer;
  if (!meeting.owner().empty()) {
    KITH_ASSIGN_OR_RETURN(const auto* const user, load.Load<UserAggregate>(meeting.owner()));
    organizer = {user->resource.display_name(), user->resource.email()};
  }
  if (organizer.email.empty()) organizer.email = context.settings.reply_to;
  if (!organizer.email.empty()) return organizer;
  return RejectState(v1::MEETINGS_ERROR_NO_ORGANIZER_ADDRESS,
                     "The meeting has no organizer with an e-mail address, in whose name people "
                     "could be invited. Give it an owner who has one, or the workspace a reply_to.",
                     meeting.name());
}

}  // namespace

// The other attendees are not told: what is sealed for one person names no other.
Decision InvitationCommands::Run(runtime::Loader& load,
                                 const v1::SendMeetingInvitationRequest& command,
                                 const CommandContext& context) const {
  if (!IsDoneByPolicy(context, MeetingInvitations::kName)) {
    return Reject(v1::MEETINGS_ERROR_INVITES_BY_ITSELF,
                  "Kith sends invitations by itself. Give the meeting send_invitations.");
  }
  KITH_ASSIGN_OR_RETURN(const MeetingState* const state,
                        load.Load<MeetingAggregate>(command.name()));
  if (state->lifecycle == Lifecycle::kAbsent) return ResourceNotFound(Rules(), command.name());
  if (!IsStill(*state, command)) return NoChange();
  const runtime::BoundMethod* const send = methods_.FindCommand(kSend);
  KITH_CHECK(send != nullptr);
  const std::string& permission = send->method().permission;
  KITH_ASSIGN_OR_RETURN(const bool may_send, load.Sees(command.contact(), permission));
  if (!may_send) return runtime::NotGranted(load.caller(), permission);
  KITH_ASSIGN_OR_RETURN(const auto* const contact, load.Load<ContactAggregate>(command.contact()));
  const v1::Meeting& meeting = state->resource;
  CalendarEvent event = EventOf(meeting);
  event.is_cancelled = command.cancel();
  // A meeting that was deleted is changed once more by that.
  if (state->lifecycle == Lifecycle::kDeleted) ++event.sequence;
  KITH_ASSIGN_OR_RETURN(event.organizer, OrganizerOf(load, meeting, context));
  const contacts::v1::EmailAddress* const address = AddressOf(contact->resource);
  if (address != nullptr) {
    event.attendees.push_back({{contact->resource.display_name(), address->address()},
                               AnswerOf(meeting, command.contact())});
  }
  const CalendarMethod method =
      command.cancel() ? CalendarMethod::kCancel : CalendarMethod::kRequest;
  messages::v1::SendMessageRequest request;
  request.set_contact(command.contact());
  request.set_meeting(command.name());
  request.set_subject(SubjectOf(event, command.cancel()));
  request.set_text(TextOf(event, meeting.time_zone()));
  request.set_calendar(CalendarText(method, {std::move(event)}));
  request.set_calendar_method(NameOf(method));
  return send->handler()->Decide(load, request, context);
}

}  // namespace kith::meetings
