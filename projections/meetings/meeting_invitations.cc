#include "projections/meetings/meeting_invitations.h"

#include <set>

#include "absl/strings/match.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/meetings/v1/meeting.pb.h"
#include "kith/meetings/v1/meetings_service.pb.h"

namespace kith::meetings {
namespace {

using projections::Reactions;
using v1::Meeting;

// Whether people are to know that it takes place; null: there is no meeting.
bool IsOn(const Meeting* meeting) {
  return meeting != nullptr && meeting->send_invitations() && meeting->state() == v1::SCHEDULED;
}

std::set<std::string> ContactsOf(const Meeting& meeting) {
  std::set<std::string> contacts;
  for (const v1::Attendee& one : meeting.attendees()) {
    if (absl::StartsWith(one.attendee(), "contacts/")) contacts.insert(one.attendee());
  }
  return contacts;
}

absl::Status Tell(const Meeting& meeting, const std::string& contact, bool cancel,
                  Reactions& reactions) {
  v1::SendMeetingInvitationRequest request;
  request.set_name(meeting.name());
  request.set_contact(contact);
  request.set_sequence(meeting.sequence());
  request.set_cancel(cancel);
  return reactions.Add({&request}, {.on_behalf_of = meeting.owner()});
}

// What an event, recorded at `now`, made of a meeting; either may be null.
absl::Status Follow(const Meeting* before, const Meeting* after, absl::Time now,
                    Reactions& reactions) {
  const bool was_on = IsOn(before);
  const bool is_on = IsOn(after) && FromTimestamp(after->end_time()) > now;
  const std::set<std::string> told = was_on ? ContactsOf(*before) : std::set<std::string>();
  const std::set<std::string> invited = is_on ? ContactsOf(*after) : std::set<std::string>();
  for (const std::string& contact : invited) {
    if (told.contains(contact) && before->sequence() == after->sequence()) continue;
    KITH_RETURN_IF_ERROR(Tell(*after, contact, /*cancel=*/false, reactions));
  }
  if (!was_on || FromTimestamp(before->end_time()) <= now) return absl::OkStatus();
  // That it was held, or is to be told no more, uninvites nobody.
  const bool takes_place = after != nullptr && !after->send_invitations();
  const bool is_closed =
      after != nullptr && (after->state() == v1::HELD || after->state() == v1::NO_SHOW);
  if (takes_place || is_closed) return absl::OkStatus();
  for (const std::string& contact : told) {
    if (invited.contains(contact)) continue;
    KITH_RETURN_IF_ERROR(
        Tell(after == nullptr ? *before : *after, contact, /*cancel=*/true, reactions));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MeetingInvitations::React(const eventstore::RecordedEvent& event,
                                       projections::ViewBatch& batch, Reactions& reactions) const {
  for (const projections::RowChange& change : batch.changes()) {
    KITH_RETURN_IF_ERROR(Follow(change.before<Meeting>(), change.after<Meeting>(),
                                event.header().record_time, reactions));
  }
  return absl::OkStatus();
}

}  // namespace kith::meetings
