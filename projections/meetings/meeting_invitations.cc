#include "projections/meetings/meeting_invitations.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/meetings/v1/meeting.pb.h"
#include "kith/meetings/v1/meetings_service.pb.h"
#include "kith/notifications/v1/notifications_service.pb.h"

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

// Whoever arranges it hears where a mail is not sent, and why; once of an event.
absl::Status Tell(const Meeting& meeting, const std::string& contact, bool cancel,
                  Sequence sequence, Reactions& reactions) {
  v1::SendMeetingInvitationRequest request;
  request.set_name(meeting.name());
  request.set_contact(contact);
  request.set_sequence(meeting.sequence());
  request.set_cancel(cancel);
  notifications::v1::TellUsersRequest refused;
  refused.add_users(meeting.owner());
  notifications::v1::Notification& notification = *refused.mutable_notification();
  notification.set_kind(notifications::v1::FAILED_RUN);
  notification.set_record(meeting.name());
  notification.set_display_name(cancel ? "Not every attendee could be told that it is cancelled"
                                       : "Not every attendee could be invited");
  notification.set_cause(absl::StrCat("events/", sequence.value()));
  return reactions.Add({&request}, {.on_behalf_of = meeting.owner(),
                                    .otherwise = meeting.owner().empty() ? nullptr : &refused});
}

// What an event made of a meeting; either may be null.
absl::Status Follow(const Meeting* before, const Meeting* after,
                    const eventstore::EventHeader& header, Reactions& reactions) {
  const absl::Time now = header.record_time;
  const bool was_on = IsOn(before);
  const bool is_on = IsOn(after) && FromTimestamp(after->end_time()) > now;
  const std::set<std::string> told = was_on ? ContactsOf(*before) : std::set<std::string>();
  const std::set<std::string> invited = is_on ? ContactsOf(*after) : std::set<std::string>();
  for (const std::string& contact : invited) {
    if (told.contains(contact) && before->sequence() == after->sequence()) continue;
    KITH_RETURN_IF_ERROR(Tell(*after, contact, /*cancel=*/false, header.sequence, reactions));
  }
  if (!was_on || FromTimestamp(before->end_time()) <= now) return absl::OkStatus();
  // That it was held, or is to be told no more, uninvites nobody.
  const bool takes_place = after != nullptr && !after->send_invitations();
  const bool is_closed =
      after != nullptr && (after->state() == v1::HELD || after->state() == v1::NO_SHOW);
  if (takes_place || is_closed) return absl::OkStatus();
  for (const std::string& contact : told) {
    if (invited.contains(contact)) continue;
    KITH_RETURN_IF_ERROR(Tell(after == nullptr ? *before : *after, contact, /*cancel=*/true,
                              header.sequence, reactions));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MeetingInvitations::React(const eventstore::RecordedEvent& event,
                                       projections::ViewBatch& batch, Reactions& reactions) const {
  for (const projections::RowChange& change : batch.changes()) {
    KITH_RETURN_IF_ERROR(
        Follow(change.before<Meeting>(), change.after<Meeting>(), event.header(), reactions));
  }
  return absl::OkStatus();
}

}  // namespace kith::meetings
