// Who is told by mail of a meeting, over the whole server. That a mail server takes it is asked in
// tests/integration/mail_test.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/meetings/v1/meetings_service.grpc.pb.h"
#include "kith/messages/v1/messages_service.grpc.pb.h"
#include "kith/notifications/v1/notifications_service.grpc.pb.h"
#include "kith/policies/v1/policies_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/await.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::meetings {
namespace {

using contacts::v1::ContactsService;
using messages::v1::MessagesService;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Proto;
using Stub = v1::MeetingsService::Stub;

class MeetingInvitationsTest : public ::testing::Test {
 protected:
  template <class Method, class Request>
  auto Made(Method method, const Request& request) {
    const auto made = server_.CallWith(key_.empty() ? server_.secret() : key_, method, request);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made.response;
  }

  MeetingInvitationsTest()
      : server_(nullptr, [](runtime::ServerOptions& options) {
          options.policies.turn = absl::Milliseconds(1);
          options.policies.gather = absl::ZeroDuration();
          options.policies.retry_first = absl::ZeroDuration();
          options.policies.attempts_max = 2;
        }) {
    users::v1::CreateUserRequest user;
    user.mutable_user()->set_display_name("Ben");
    user.mutable_user()->set_email("ben@acme.example");
    user.mutable_user()->add_roles("roles/admin");
    ben_ = Made(&users::v1::UsersService::Stub::CreateUser, user).name();
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Ben's");
    key.mutable_api_key()->set_user(ben_);
    key.mutable_api_key()->add_permissions("*");
    key_ = Made(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key).secret();
  }

  std::string CreateContact(const std::string& email, const std::string& more = "") {
    contacts::v1::CreateContactRequest request;
    *request.mutable_contact() = Proto<contacts::v1::Contact>(more);
    request.mutable_contact()->set_first_name("Ada");
    if (!email.empty()) request.mutable_contact()->add_emails()->set_address(email);
    return Made(&ContactsService::Stub::CreateContact, request).name();
  }
  static std::string Invites(const std::vector<std::string>& attendees) {
    std::string text;
    for (const std::string& one : attendees) {
      absl::StrAppend(&text, "attendees { attendee: '", one, "' } ");
    }
    return text;
  }
  std::string At(absl::Duration after) {
    return absl::StrCat(
        "start_time { seconds: ", absl::ToUnixSeconds(server_.clock().Now() + after), " } ");
  }
  v1::Meeting Create(const std::string& text) {
    v1::CreateMeetingRequest request;
    *request.mutable_meeting() = Proto<v1::Meeting>(text);
    request.mutable_meeting()->set_display_name("Demo");
    return Made(&Stub::CreateMeeting, request);
  }
  void Update(const v1::Meeting& meeting, const std::string& text, const std::string& path) {
    v1::UpdateMeetingRequest request;
    *request.mutable_meeting() = Proto<v1::Meeting>(text);
    request.mutable_meeting()->set_name(meeting.name());
    request.mutable_update_mask()->add_paths(path);
    Made(&Stub::UpdateMeeting, request);
  }
  // With what they say, oldest first.
  std::vector<messages::v1::Message> Mails(const std::string& contact) {
    messages::v1::ListMessagesRequest request;
    request.set_parent(contact);
    request.set_order_by("create_time");
    std::vector<messages::v1::Message> mails;
    const auto listed = Made(&MessagesService::Stub::ListMessages, request);
    for (const auto& one : listed.messages()) {
      messages::v1::GetMessageRequest get;
      get.set_name(one.name());
      mails.push_back(Made(&MessagesService::Stub::GetMessage, get));
    }
    return mails;
  }
  std::vector<messages::v1::Message> Await(const std::string& contact, size_t count) {
    testing::AwaitThat(server_, [&] { return Mails(contact).size() >= count; });
    return Mails(contact);
  }
  // What was asked for by now was done: a later one, somebody else's, was.
  void AwaitRest() {
    const std::string other = CreateContact("rest@example.com");
    Create(absl::StrCat(At(absl::Hours(1)), "send_invitations: true ", Invites({other})));
    Await(other, 1);
  }
  static std::string CalendarOf(const messages::v1::Message& mail) {
    return absl::StrReplaceAll(mail.calendar(), {{"\r\n ", ""}});
  }

  std::string key_;
  testing::TestServer server_;
  std::string ben_;
};

// Goal: a contact is told when they are invited, whenever it moves, and when it is cancelled, each
// time with a higher number under the same id.
TEST_F(MeetingInvitationsTest, TellContactsWhateverACalendarHasToHear) {
  const std::string ada = CreateContact("ada@example.com");
  const std::string bob = CreateContact("bob@example.com");
  const v1::Meeting meeting =
      Create(absl::StrCat(At(absl::Hours(24)), "send_invitations: true location: 'Room 4' ",
                          "description: 'All there is' ", Invites({ada, bob, ben_})));
  const auto first = Await(ada, 1)[0];
  EXPECT_EQ(first.subject(), "Invitation: Demo");
  EXPECT_THAT(first.text(), HasSubstr("Where: Room 4\n"));
  EXPECT_THAT(first.text(), HasSubstr("All there is"));
  EXPECT_EQ(first.meeting(), meeting.name());
  EXPECT_EQ(first.calendar_method(), "REQUEST");
  const std::string uid =
      absl::StrCat("UID:", meeting.name().substr(meeting.name().find('/') + 1), "@kith\r\n");
  std::string calendar = CalendarOf(first);
  EXPECT_THAT(calendar, HasSubstr("METHOD:REQUEST\r\n"));
  EXPECT_THAT(calendar, HasSubstr(uid));
  EXPECT_THAT(calendar, HasSubstr("SEQUENCE:0\r\n"));
  EXPECT_THAT(calendar, HasSubstr("mailto:ben@acme.example"));
  EXPECT_THAT(calendar, HasSubstr("mailto:ada@example.com"));
  EXPECT_THAT(calendar, Not(HasSubstr("bob@example.com")))
      << "what is sealed for one names no other";
  Await(bob, 1);

  v1::RescheduleMeetingRequest move;
  move.set_name(meeting.name());
  move.mutable_start_time()->set_seconds(
      absl::ToUnixSeconds(server_.clock().Now() + absl::Hours(48)));
  Made(&Stub::RescheduleMeeting, move);
  const auto second = Await(ada, 2)[1];
  EXPECT_EQ(second.subject(), "Updated invitation: Demo");
  EXPECT_THAT(CalendarOf(second), HasSubstr("SEQUENCE:1\r\n"));
  Await(bob, 2);
  // What no calendar has to hear of is no mail.
  Update(meeting, "description: 'Less'", "description");
  // Who is invited no more is told so, and nobody else of that.
  Update(meeting, Invites({ada}), "attendees");
  const auto gone = Await(bob, 3)[2];
  EXPECT_EQ(gone.subject(), "Cancelled: Demo");
  EXPECT_THAT(CalendarOf(gone), HasSubstr("METHOD:CANCEL\r\n"));
  v1::CancelMeetingRequest cancel;
  cancel.set_name(meeting.name());
  Made(&Stub::CancelMeeting, cancel);
  const auto last = Await(ada, 3)[2];
  EXPECT_EQ(last.calendar_method(), "CANCEL");
  calendar = CalendarOf(last);
  EXPECT_THAT(calendar, HasSubstr("METHOD:CANCEL\r\n"));
  EXPECT_THAT(calendar, HasSubstr(uid));
  EXPECT_THAT(calendar, HasSubstr("SEQUENCE:2\r\n"));
  EXPECT_THAT(calendar, HasSubstr("STATUS:CANCELLED\r\n"));
  server_.Restart(/*new_views=*/true);
  AwaitRest();
  EXPECT_EQ(Mails(ada).size(), 3u);
  EXPECT_EQ(Mails(bob).size(), 3u);
}

TEST_F(MeetingInvitationsTest, TellNobodyUnlessTheMeetingSaysSo) {
  const std::string ada = CreateContact("ada@example.com");
  const v1::Meeting meeting = Create(absl::StrCat(At(absl::Hours(24)), Invites({ada})));
  const v1::Meeting over =
      Create(absl::StrCat(At(-absl::Hours(24)), "send_invitations: true ", Invites({ada})));
  AwaitRest();
  EXPECT_EQ(Mails(ada).size(), 0u) << over.name() << " is over";
  Update(meeting, "send_invitations: true", "send_invitations");
  Await(ada, 1);
  Update(meeting, "", "send_invitations");
  AwaitRest();
  EXPECT_EQ(Mails(ada).size(), 1u) << "that they are told no more uninvites nobody";
}

TEST_F(MeetingInvitationsTest, TellThatAMeetingWasDeleted) {
  const std::string ada = CreateContact("ada@example.com");
  const v1::Meeting meeting =
      Create(absl::StrCat(At(absl::Hours(24)), "send_invitations: true ", Invites({ada})));
  Await(ada, 1);
  v1::DeleteMeetingRequest remove;
  remove.set_name(meeting.name());
  Made(&Stub::DeleteMeeting, remove);
  EXPECT_THAT(CalendarOf(Await(ada, 2)[1]), HasSubstr("SEQUENCE:1\r\n"));
}

// Goal: what holds of other mail holds of these.
TEST_F(MeetingInvitationsTest, AreBoundAsOtherMailIs) {
  const std::string opted_out = CreateContact("ada@example.com", "do_not_email: true");
  const std::string unknown = CreateContact("");
  const v1::Meeting meeting = Create(
      absl::StrCat(At(absl::Hours(24)), "send_invitations: true ", Invites({opted_out, unknown})));
  AwaitRest();
  EXPECT_EQ(Mails(opted_out).size(), 0u);
  EXPECT_EQ(Mails(unknown).size(), 0u);
  // Whoever arranges the meeting hears of it.
  const auto notifications = [&] {
    return Made(&notifications::v1::NotificationsService::Stub::ListNotifications,
                notifications::v1::ListNotificationsRequest());
  };
  testing::AwaitThat(server_, [&] { return !notifications().notifications().empty(); });
  const auto told = notifications();
  ASSERT_EQ(told.notifications_size(), 1) << "once of what was asked for at once";
  EXPECT_EQ(told.notifications(0).owner(), ben_);
  EXPECT_EQ(told.notifications(0).record(), meeting.name());
  EXPECT_EQ(told.notifications(0).display_name(),
            "Not every attendee could be invited (OPTED_OUT).");
  workspaces::v1::UpdateWorkspaceRequest stop;
  stop.mutable_workspace()->set_name("workspaces/1");
  stop.mutable_workspace()->set_daily_messages_max(2);
  Made(&workspaces::v1::WorkspacesService::Stub::UpdateWorkspace, stop);
  const std::string ada = CreateContact("ada@example.com");
  const std::string bob = CreateContact("bob@example.com");
  Create(absl::StrCat(At(absl::Hours(24)), "send_invitations: true ", Invites({ada, bob})));
  // One was sent today already.
  policies::v1::GetPolicyRequest get;
  get.set_name("policies/meeting_invitations");
  const auto now = [&] { return Made(&policies::v1::PoliciesService::Stub::GetPolicy, get); };
  // What is one too many waits until somebody lets it be tried again.
  testing::AwaitThat(server_, [&] { return !now().parked().empty(); });
  const auto policy = now();
  EXPECT_EQ(policy.parked(0).reason(), "DAILY_LIMIT_REACHED");
  EXPECT_EQ(policy.refused_count(), 2);
  EXPECT_EQ(Mails(ada).size() + Mails(bob).size(), 1u);
}

TEST_F(MeetingInvitationsTest, AreSentByNobodyElse) {
  const std::string ada = CreateContact("ada@example.com");
  v1::SendMeetingInvitationRequest send;
  send.set_name(Create(absl::StrCat(At(absl::Hours(24)), Invites({ada}))).name());
  send.set_contact(ada);
  EXPECT_EQ(server_.Call(&Stub::SendMeetingInvitation, send).reason(), "INVITES_BY_ITSELF");
  messages::v1::SendMessageRequest mail;
  mail.set_contact(ada);
  mail.set_subject("Come");
  mail.set_text("Come");
  mail.set_calendar("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n");
  const auto refused = server_.Call(&MessagesService::Stub::SendMessage, mail);
  EXPECT_EQ(refused.fields(), std::vector<std::string>{"calendar"});
}

}  // namespace
}  // namespace kith::meetings
