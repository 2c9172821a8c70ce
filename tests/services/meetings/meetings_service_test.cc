// Meetings over gRPC: what is their own. What every resource does is asked in tests/conformance.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/proto_time.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/meetings/v1/meetings_service.grpc.pb.h"
#include "kith/tasks/v1/tasks_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::meetings {
namespace {

using contacts::v1::ContactsService;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Proto;
using testing::Reply;
using users::v1::UsersService;
using Stub = v1::MeetingsService::Stub;

class MeetingsServiceTest : public ::testing::Test {
 protected:
  std::string CreateUser(const std::string& display_name, const std::string& text = "") {
    users::v1::CreateUserRequest request;
    *request.mutable_user() = Proto<users::v1::User>(text);
    request.mutable_user()->set_display_name(display_name);
    const auto made = server_.Call(&UsersService::Stub::CreateUser, request);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made->name();
  }
  std::string CreateContact(const std::string& first_name, const std::string& email) {
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name(first_name);
    if (!email.empty()) request.mutable_contact()->add_emails()->set_address(email);
    const auto made = server_.Call(&ContactsService::Stub::CreateContact, request);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made->name();
  }
  std::string KeyOf(const std::string& user) {
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Key");
    key.mutable_api_key()->set_user(user);
    key.mutable_api_key()->add_permissions("*");
    return server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
  }
  Reply<v1::Meeting> Create(const std::string& text) {
    v1::CreateMeetingRequest request;
    *request.mutable_meeting() = Proto<v1::Meeting>(text);
    request.mutable_meeting()->set_display_name("Demo");
    return server_.Call(&Stub::CreateMeeting, request);
  }
  v1::Meeting Created(const std::string& text) {
    const auto made = Create(text);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made.response;
  }
  template <class Request>
  Reply<v1::Meeting> Do(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                     v1::Meeting*),
                        const std::string& name, const std::string& text = "",
                        const std::string& key = "") {
    auto request = Proto<Request>(text);
    request.set_name(name);
    return server_.CallWith(key.empty() ? server_.secret() : key, method, request);
  }
  Reply<v1::Meeting> Update(const std::string& name, const std::string& text) {
    v1::UpdateMeetingRequest request;
    *request.mutable_meeting() = Proto<v1::Meeting>(text);
    request.mutable_meeting()->set_name(name);
    return server_.Call(&Stub::UpdateMeeting, request);
  }
  Reply<v1::MeetingInvitation> Invitation(const std::string& name, const std::string& key = "") {
    v1::GetMeetingInvitationRequest request;
    request.set_name(name);
    return server_.CallWith(key.empty() ? server_.secret() : key, &Stub::GetMeetingInvitation,
                            request);
  }
  // The lines of an invitation, put together where they were folded.
  static std::string Unfolded(const std::string& content) {
    return absl::StrReplaceAll(content, {{"\r\n ", ""}});
  }
  // "start_time { … }": on this time of 1 December 2026.
  static std::string At(const char* field, int hour) {
    const absl::Time time =
        absl::FromCivil(absl::CivilHour(2026, 12, 1, hour), absl::UTCTimeZone());
    return absl::StrCat(field, " { seconds: ", absl::ToUnixSeconds(time), " } ");
  }

  testing::TestServer server_;
};

absl::Time Hour(int day, int hour) {
  return absl::FromCivil(absl::CivilHour(2026, 12, day, hour), absl::UTCTimeZone());
}

TEST_F(MeetingsServiceTest, TakeAnHourOrWholeDays) {
  const v1::Meeting usual = Created(At("start_time", 9));
  EXPECT_EQ(usual.state(), v1::SCHEDULED);
  EXPECT_EQ(usual.time_zone(), "UTC");
  EXPECT_EQ(FromTimestamp(usual.end_time()), Hour(1, 10));
  const v1::Meeting day =
      Created(absl::StrCat(At("start_time", 9), "all_day: true time_zone: 'Europe/Berlin'"));
  EXPECT_EQ(FromTimestamp(day.start_time()), Hour(1, 0) - absl::Hours(1));
  EXPECT_EQ(FromTimestamp(day.end_time()), Hour(1, 23));
  const auto wrong = Create(absl::StrCat(At("start_time", 9), At("end_time", 9)));
  EXPECT_THAT(wrong.fields(), ElementsAre("meeting.end_time"));
}

TEST_F(MeetingsServiceTest, RaiseTheirSequenceWhereCalendarsHaveToHear) {
  const std::string ada = CreateUser("Ada");
  const std::string name =
      Created(absl::StrCat(At("start_time", 9), "attendees { attendee: '", ada, "' }")).name();
  EXPECT_EQ(Update(name, "description: 'All there is'")->sequence(), 0);
  EXPECT_EQ(Update(name, "location: 'Room 4'")->sequence(), 1);
  EXPECT_EQ(Update(name, "location: 'Room 4'")->sequence(), 1);
  const auto answered =
      Do(&Stub::RespondToMeeting, name, absl::StrCat("attendee: '", ada, "' answer: ACCEPTED"));
  EXPECT_EQ(answered->attendees(0).answer(), v1::ACCEPTED);
  EXPECT_EQ(answered->sequence(), 1);
  const auto moved = Do(&Stub::RescheduleMeeting, name, At("start_time", 15));
  EXPECT_EQ(moved->sequence(), 2);
  EXPECT_EQ(FromTimestamp(moved->end_time()), Hour(1, 16)) << "as long as before";
  EXPECT_EQ(moved->attendees(0).answer(), v1::NEEDS_ACTION);
  EXPECT_EQ(Do(&Stub::RescheduleMeeting, name, At("start_time", 15))->sequence(), 2);
  const auto cancelled = Do(&Stub::CancelMeeting, name, "reason: 'Snow'");
  EXPECT_EQ(cancelled->sequence(), 3);
  EXPECT_EQ(cancelled->state(), v1::CANCELLED);
  EXPECT_EQ(cancelled->cancel_reason(), "Snow");
  EXPECT_EQ(Do(&Stub::RescheduleMeeting, name, At("start_time", 16)).reason(), "MEETING_CLOSED");
  EXPECT_EQ(Do(&Stub::HoldMeeting, name).reason(), "MEETING_CLOSED");
  EXPECT_EQ(Do(&Stub::ReopenMeeting, name)->sequence(), 4);
  EXPECT_EQ(Do(&Stub::ReopenMeeting, name).reason(), "MEETING_OPEN");
  const auto held = Do(&Stub::HoldMeeting, name);
  EXPECT_EQ(held->state(), v1::HELD);
  EXPECT_TRUE(held->has_close_time());
  EXPECT_EQ(Do(&Stub::HoldMeeting, name)->etag(), held->etag());
  EXPECT_EQ(Do(&Stub::ReopenMeeting, name)->sequence(), 4);
  EXPECT_EQ(Do(&Stub::MissMeeting, name)->state(), v1::NO_SHOW);
}

TEST_F(MeetingsServiceTest, AreSeenAndAnsweredByWhoIsInvited) {
  const std::string ada = CreateUser("Ada", "roles: 'roles/sales-rep'");
  const std::string ben = CreateUser("Ben", "roles: 'roles/sales-rep'");
  const std::string eve = CreateUser("Eve", "roles: 'roles/sales-rep'");
  const std::string guest = CreateContact("Gil", "gil@example.com");
  const std::string name =
      Created(absl::StrCat(At("start_time", 9), "owner: '", ada, "' attendees { attendee: '", ben,
                           "' } attendees { attendee: '", guest, "' optional: true } viewers: '",
                           ben, "'"))
          .name();
  const std::string bens = KeyOf(ben);
  EXPECT_EQ(Do(&Stub::RespondToMeeting, name, "answer: TENTATIVE", bens)->attendees(0).answer(),
            v1::TENTATIVE);
  EXPECT_EQ(Do(&Stub::RespondToMeeting, name,
               absl::StrCat("answer: ACCEPTED attendee: '", guest, "'"), bens)
                .reason(),
            "NOT_YOURS_TO_ANSWER");
  EXPECT_EQ(Do(&Stub::RespondToMeeting, name,
               absl::StrCat("answer: ACCEPTED attendee: '", guest, "'"), KeyOf(ada))
                ->attendees(1)
                .answer(),
            v1::ACCEPTED);
  EXPECT_EQ(Do(&Stub::CancelMeeting, name, "", bens).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Do(&Stub::RespondToMeeting, name, "answer: ACCEPTED", KeyOf(eve)).reason(),
            "MEETING_NOT_FOUND");
  EXPECT_EQ(
      Do(&Stub::RespondToMeeting, name, absl::StrCat("answer: ACCEPTED attendee: '", eve, "'"))
          .reason(),
      "NOT_INVITED");
  v1::ListMeetingsRequest list;
  list.set_filter(absl::StrCat("attendee = \"", guest, "\" state = SCHEDULED"));
  EXPECT_EQ(server_.CallWith(bens, &Stub::ListMeetings, list)->meetings_size(), 1);
  // Whom an update leaves out is invited no more; an answer that it does not say stays.
  const auto left = Update(name, absl::StrCat("attendees { attendee: '", ben, "' }"));
  ASSERT_EQ(left->attendees_size(), 1);
  EXPECT_EQ(left->attendees(0).answer(), v1::TENTATIVE);
}

// What becomes of a meeting stands in the timelines of its contacts, its company and its deal, for
// who sees the meeting.
TEST_F(MeetingsServiceTest, StandInTimelines) {
  const std::string ada = CreateUser("Ada", "roles: 'roles/sales-rep'");
  const std::string gil = CreateContact("Gil", "gil@example.com");
  contacts::v1::UpdateContactRequest give;
  give.mutable_contact()->set_name(gil);
  give.mutable_contact()->set_owner(ada);
  EXPECT_EQ(server_.Call(&ContactsService::Stub::UpdateContact, give).reason(), "");
  const std::string name =
      Created(absl::StrCat(At("start_time", 9), "attendees { attendee: '", gil, "' }")).name();
  EXPECT_EQ(Do(&Stub::RescheduleMeeting, name, At("start_time", 15)).reason(), "");
  EXPECT_EQ(
      Do(&Stub::RespondToMeeting, name, absl::StrCat("attendee: '", gil, "' answer: ACCEPTED"))
          .reason(),
      "");
  EXPECT_EQ(Do(&Stub::HoldMeeting, name).reason(), "");
  const auto timeline = [&](const std::string& key, bool only_meetings) {
    interactions::v1::ListTimelineRequest request;
    request.set_parent(gil);
    if (only_meetings) request.add_kinds(interactions::v1::MEETING);
    const auto page =
        server_.CallWith(key, &interactions::v1::InteractionsService::Stub::ListTimeline, request);
    EXPECT_EQ(page.reason(), "") << page.status.error_message();
    std::vector<std::string> types;
    for (const auto& entry : page->entries()) types.push_back(entry.type());
    return types;
  };
  EXPECT_THAT(timeline(server_.secret(), false),
              ElementsAre("meeting_held", "meeting_rescheduled", "meeting_created",
                          "contact_updated", "contact_created"));
  EXPECT_THAT(timeline(server_.secret(), true), ElementsAre("meeting_held"));
  const std::string adas = KeyOf(ada);
  EXPECT_THAT(timeline(adas, false),
              ElementsAre("meeting_held", "meeting_rescheduled", "meeting_created",
                          "contact_updated", "contact_created"))
      << "nobody's own: who reads any sees it";
  EXPECT_EQ(Update(name, absl::StrCat("owner: '", CreateUser("Ben"), "'")).reason(), "");
  EXPECT_THAT(timeline(adas, false), ElementsAre("contact_updated", "contact_created"));
}

// An agenda has whom somebody meets, but not what they declined.
TEST_F(MeetingsServiceTest, StandInTheAgenda) {
  const std::string ada = CreateUser("Ada");
  const auto at = [&](absl::Duration after) {
    return absl::StrCat(
        "start_time { seconds: ", absl::ToUnixSeconds(server_.clock().Now() + after),
        " } attendees { attendee: '", ada, "' }");
  };
  const std::string over = Created(at(-absl::Hours(2))).name();
  const std::string under_way = Created(at(-absl::Minutes(30))).name();
  const std::string soon = Created(at(absl::Hours(3))).name();
  const std::string declined = Created(at(absl::Hours(4))).name();
  const std::string cancelled = Created(at(absl::Hours(5))).name();
  const std::string far = Created(at(absl::Hours(24 * 30))).name();
  EXPECT_EQ(
      Do(&Stub::RespondToMeeting, declined, absl::StrCat("attendee: '", ada, "' answer: DECLINED"))
          .reason(),
      "");
  EXPECT_EQ(Do(&Stub::CancelMeeting, cancelled).reason(), "");
  tasks::v1::QueryAgendaRequest request;
  request.set_user(ada);
  const auto agenda = server_.Call(&tasks::v1::TasksService::Stub::QueryAgenda, request);
  ASSERT_EQ(agenda.reason(), "") << agenda.status.error_message();
  std::vector<std::string> names;
  for (const v1::Meeting& meeting : agenda->meetings()) names.push_back(meeting.name());
  EXPECT_THAT(names, ElementsAre(under_way, soon));
  EXPECT_FALSE(agenda->more_meetings());
}

TEST_F(MeetingsServiceTest, GoOutAsCalendarsTakeThem) {
  const std::string ada =
      CreateUser("Ada \"the first\" Lovelace; Countess", "email: 'ada@example.com'");
  const std::string gil = CreateContact("Gil", "gil@example.com");
  const std::string mute = CreateContact("Mute", "");
  v1::Meeting meeting = Created(absl::StrCat(
      At("start_time", 9), "owner: '", ada,
      "' location: 'Room 4; 2nd floor, left' "
      "description: 'First line\\nwith a \\\\ and a rather long text that is folded: äöü äöü äöü "
      "äöü "
      "äöü äöü äöü' conference_url: 'https://meet.example.com/x' attendees { attendee: '",
      gil, "' answer: ACCEPTED } attendees { attendee: '", mute, "' }"));
  const auto invitation = Invitation(meeting.name());
  ASSERT_EQ(invitation.reason(), "") << invitation.status.error_message();
  EXPECT_EQ(invitation->content_type(), "text/calendar; method=REQUEST; charset=utf-8");
  for (size_t at = 0; at < invitation->content().size();) {
    const size_t end = invitation->content().find("\r\n", at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - at, 75u) << invitation->content().substr(at, end - at);
    at = end + 2;
  }
  const std::string text = Unfolded(invitation->content());
  const std::string id = meeting.name().substr(meeting.name().find('/') + 1);
  for (const std::string& line :
       {std::string("BEGIN:VCALENDAR"), std::string("METHOD:REQUEST"),
        absl::StrCat("UID:", id, "@kith"), std::string("SEQUENCE:0"),
        std::string("DTSTART:20261201T090000Z"), std::string("DTEND:20261201T100000Z"),
        std::string("STATUS:CONFIRMED"), std::string("SUMMARY:Demo"),
        std::string("LOCATION:Room 4\\; 2nd floor\\, left"),
        std::string(
            "DESCRIPTION:First line\\nwith a \\\\ and a rather long text that is folded: äöü äöü "
            "äöü äöü äöü äöü äöü"),
        std::string("URL:https://meet.example.com/x"),
        std::string("ORGANIZER;CN=\"Ada 'the first' Lovelace; Countess\":mailto:ada@example.com"),
        std::string("END:VEVENT")}) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat(line, "\r\n")));
  }
  EXPECT_THAT(text, HasSubstr("PARTSTAT=ACCEPTED"));
  EXPECT_THAT(text, HasSubstr(":mailto:gil@example.com\r\n"));
  EXPECT_THAT(text, Not(HasSubstr("Mute")));

  EXPECT_EQ(Do(&Stub::CancelMeeting, meeting.name()).reason(), "");
  const auto cancelled = Invitation(meeting.name());
  EXPECT_EQ(cancelled->content_type(), "text/calendar; method=CANCEL; charset=utf-8");
  EXPECT_THAT(cancelled->content(), HasSubstr("STATUS:CANCELLED\r\n"));
  EXPECT_THAT(cancelled->content(), HasSubstr("SEQUENCE:1\r\n"));

  const v1::Meeting days = Created(absl::StrCat(
      At("start_time", 9), "all_day: true time_zone: 'Asia/Tokyo' end_time { seconds: ",
      absl::ToUnixSeconds(Hour(2, 9)), " }"));
  const auto whole = Invitation(days.name());
  EXPECT_THAT(whole->content(), HasSubstr("DTSTART;VALUE=DATE:20261201\r\n"));
  EXPECT_THAT(whole->content(), HasSubstr("DTEND;VALUE=DATE:20261203\r\n"));
}

}  // namespace
}  // namespace kith::meetings
