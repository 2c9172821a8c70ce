#include "services/meetings/meeting_invitation.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/types.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/meetings/v1/meetings_service.pb.h"
#include "kith/users/v1/user.pb.h"
#include "projections/meetings/meeting_directory.h"
#include "services/core/icalendar.h"
#include "services/core/merge_fields.h"
#include "services/meetings/calendar_event.h"
#include "services/runtime/calls/part_read.h"
#include "services/runtime/calls/read_permission.h"
#include "services/runtime/reads/hide_erased.h"

namespace kith::meetings {
namespace {

using google::protobuf::Message;
using runtime::ReadContext;

CalendarAnswer AnswerOf(v1::AttendeeAnswer answer) {
  switch (answer) {
    case v1::ACCEPTED:
      return CalendarAnswer::kAccepted;
    case v1::DECLINED:
      return CalendarAnswer::kDeclined;
    case v1::TENTATIVE:
      return CalendarAnswer::kTentative;
    default:
      return CalendarAnswer::kNeedsAction;
  }
}

// Without an address where they have none, or the caller does not see them.
absl::StatusOr<CalendarPerson> PersonOf(const runtime::MethodTable& methods,
                                        const ReadContext& context, const std::string& name) {
  if (name.empty()) return CalendarPerson();
  const auto read = runtime::ReadRecord(context, methods, name);
  if (absl::IsNotFound(read.status()) || absl::IsPermissionDenied(read.status())) {
    return CalendarPerson();
  }
  KITH_RETURN_IF_ERROR(read.status());
  Message* const record = read->get();
  runtime::HideErased(context.keys, context.workspace(), record);
  if (const auto* const user = google::protobuf::DynamicCastToGenerated<users::v1::User>(record)) {
    return CalendarPerson{user->display_name(), user->email()};
  }
  const auto* const contact =
      google::protobuf::DynamicCastToGenerated<contacts::v1::Contact>(record);
  KITH_CHECK(contact != nullptr);
  const contacts::v1::EmailAddress* const address = AddressOf(*contact);
  return CalendarPerson{contact->display_name(), address == nullptr ? "" : address->address()};
}

absl::Status GetInvitation(const runtime::MethodTable& methods, const ReadContext& context,
                           const v1::GetMeetingInvitationRequest& request,
                           v1::MeetingInvitation* response) {
  const runtime::BoundMethod* const get = runtime::FindGet(methods, "meetings");
  v1::GetMeetingRequest asked;
  asked.set_name(request.name());
  v1::Meeting meeting;
  KITH_RETURN_IF_ERROR(runtime::ReadPart(context, *get, asked, &meeting));
  CalendarEvent event = EventOf(meeting);
  KITH_ASSIGN_OR_RETURN(event.organizer, PersonOf(methods, context, meeting.owner()));
  for (const v1::Attendee& attendee : meeting.attendees()) {
    KITH_ASSIGN_OR_RETURN(CalendarPerson person, PersonOf(methods, context, attendee.attendee()));
    if (person.email.empty()) continue;
    event.attendees.push_back(
        {std::move(person), AnswerOf(attendee.answer()), attendee.optional()});
  }
  const CalendarMethod method =
      event.is_cancelled ? CalendarMethod::kCancel : CalendarMethod::kRequest;
  response->set_content_type(
      absl::StrCat("text/calendar; method=", NameOf(method), "; charset=utf-8"));
  response->set_content(CalendarText(method, {event}));
  return absl::OkStatus();
}

}  // namespace

void BindInvitation(runtime::MethodTable& methods) {
  methods.Read({MeetingDirectory::kName, "user_directory", "contact_directory"},
               runtime::ReadKind::kScan,
               [&methods](const ReadContext& context, const v1::GetMeetingInvitationRequest& asked,
                          v1::MeetingInvitation* response) {
                 return GetInvitation(methods, context, asked, response);
               });
}

}  // namespace kith::meetings
