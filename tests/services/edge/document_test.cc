// The calendar of a user, at an address that is a secret, over the whole server.
#include "services/edge/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "kith/meetings/v1/meetings_service.grpc.pb.h"
#include "kith/tasks/v1/tasks_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "services/edge/http_port.h"
#include "tests/services/edge/http_client.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::edge {
namespace {

using meetings::v1::MeetingsService;
using tasks::v1::TasksService;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::Proto;
using ::testing::StartsWith;
using WorkspacesStub = workspaces::v1::WorkspacesService::Stub;

class CalendarAddressTest : public ::testing::Test {
 protected:
  CalendarAddressTest()
      : server_([](runtime::ServerBuilder& builder) {
          builder.AddPort(
              [](const runtime::PortParts& parts) { return OpenHttpPort(HttpOptions(), parts); });
        }) {
    ben_ = CreateUser("Ben", "roles/sales-rep");
    key_ = KeyOf(ben_);
  }

  template <class Method, class Request>
  auto Made(Method method, const Request& request, const std::string& key = "") {
    const auto made = server_.CallWith(key.empty() ? server_.secret() : key, method, request);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made.response;
  }
  std::string CreateUser(const std::string& name, const std::string& role) {
    users::v1::CreateUserRequest request;
    request.mutable_user()->set_display_name(name);
    request.mutable_user()->add_roles(role);
    return Made(&users::v1::UsersService::Stub::CreateUser, request).name();
  }
  std::string KeyOf(const std::string& user) {
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Theirs");
    key.mutable_api_key()->set_user(user);
    key.mutable_api_key()->add_permissions("*");
    return Made(&WorkspacesStub::CreateApiKey, key).secret();
  }
  workspaces::v1::CalendarAddress Renew() {
    return Made(&WorkspacesStub::RenewCalendarAddress,
                workspaces::v1::RenewCalendarAddressRequest(), key_);
  }
  // "start_time { … }": so long after now.
  std::string At(const char* field, absl::Duration after) {
    return absl::StrCat(field, " { seconds: ", absl::ToUnixSeconds(server_.clock().Now() + after),
                        " } ");
  }
  std::string CreateMeeting(const std::string& name, const std::string& text,
                            const std::string& key = "") {
    meetings::v1::CreateMeetingRequest request;
    *request.mutable_meeting() = Proto<meetings::v1::Meeting>(text);
    request.mutable_meeting()->set_display_name(name);
    return Made(&MeetingsService::Stub::CreateMeeting, request, key).name();
  }
  std::string CreateTask(const std::string& name, const std::string& text) {
    tasks::v1::CreateTaskRequest request;
    *request.mutable_task() = Proto<tasks::v1::Task>(text);
    request.mutable_task()->set_display_name(name);
    return Made(&TasksService::Stub::CreateTask, request, key_).name();
  }
  HttpReply Get(const std::string& path, const std::string& header = "") {
    HttpClient client(server_.server().ports().front()->port());
    client.Send(absl::StrCat("GET ", path, " HTTP/1.1\r\nhost: kith\r\n",
                             header.empty() ? "" : absl::StrCat(header, "\r\n"), "\r\n"));
    return client.Read();
  }
  static std::string Unfolded(const std::string& content) {
    return absl::StrReplaceAll(content, {{"\r\n ", ""}});
  }

  testing::TestServer server_;
  std::string ben_;
  std::string key_;
};

// Goal: an address has a key of its own, and what lets somebody do more is not put into one.
TEST_F(CalendarAddressTest, TakesNoKeyThatGrantsMore) {
  Renew();
  EXPECT_EQ(Get(absl::StrCat("/calendar/", key_, ".ics")).status, 404);
  EXPECT_EQ(Get(absl::StrCat("/calendar/", server_.secret(), ".ics")).status, 404);
  workspaces::v1::CreateApiKeyRequest both;
  both.mutable_api_key()->set_display_name("Calendar and more");
  both.mutable_api_key()->set_user(ben_);
  both.mutable_api_key()->add_permissions("calendars.read");
  both.mutable_api_key()->add_permissions("tasks.read");
  const std::string more = Made(&WorkspacesStub::CreateApiKey, both).secret();
  EXPECT_EQ(Get(absl::StrCat("/calendar/", more, ".ics")).status, 404);
  both.mutable_api_key()->mutable_permissions()->RemoveLast();
  const std::string only = Made(&WorkspacesStub::CreateApiKey, both).secret();
  EXPECT_EQ(Get(absl::StrCat("/calendar/", only, ".ics")).status, 200);
}

// Goal: who has the address reads what its user would, and nothing else with it.
TEST_F(CalendarAddressTest, ShowsWhatItsUserMeetsAndHasToDo) {
  const std::string sue = CreateUser("Sue", "roles/sales-rep");
  const std::string day = At("start_time", absl::Hours(24));
  const std::string demo =
      CreateMeeting("Demo; in full, with all", absl::StrCat(day, "description: 'One\\nTwo'"), key_);
  const std::string invited = CreateMeeting(
      "Invited", absl::StrCat(day, "attendees { attendee: '", ben_, "' } viewers: '", ben_, "'"));
  CreateMeeting("Hidden", absl::StrCat(day, "attendees { attendee: '", ben_, "' }"), KeyOf(sue));
  CreateMeeting("Long ago", At("start_time", -absl::Hours(24 * 91)), key_);
  const std::string task = CreateTask("Call back", At("due_time", absl::Hours(48)));
  CreateTask("Some day", "");
  const workspaces::v1::CalendarAddress address = Renew();
  EXPECT_THAT(address.path(), StartsWith("/calendar/kith_1_"));
  EXPECT_EQ(address.api_key().user(), ben_);
  const HttpReply read = Get(address.path());
  ASSERT_EQ(read.status, 200) << read.body;
  EXPECT_EQ(read.header("content-type"), "text/calendar; charset=utf-8");
  EXPECT_THAT(read.header("cache-control"), HasSubstr("private"));
  const std::string text = Unfolded(read.body);
  EXPECT_THAT(text, StartsWith("BEGIN:VCALENDAR\r\n"));
  EXPECT_THAT(text, HasSubstr("METHOD:PUBLISH"));
  EXPECT_THAT(text, HasSubstr("SUMMARY:Demo\\; in full\\, with all"));
  EXPECT_THAT(text, HasSubstr("DESCRIPTION:One\\nTwo"));
  EXPECT_THAT(text, HasSubstr(absl::StrCat("UID:", demo.substr(demo.find('/') + 1), "@kith")));
  EXPECT_THAT(text, HasSubstr("SUMMARY:Invited"));
  EXPECT_THAT(text, Not(HasSubstr("Hidden"))) << "an invitation shows it to nobody";
  EXPECT_THAT(text, Not(HasSubstr("Long ago")));
  EXPECT_THAT(text, HasSubstr("BEGIN:VTO"
                              "DO"));
  EXPECT_THAT(text, HasSubstr("SUMMARY:Call back"));
  EXPECT_THAT(text, HasSubstr("STATUS:NEEDS-ACTION"));
  EXPECT_THAT(text, Not(HasSubstr("Some day"))) << "it is due at no time";
  EXPECT_THAT(text, Not(HasSubstr("ATTENDEE")));
  // What is in the address lets nobody do anything else.
  const std::string secret =
      address.path().substr(10, address.path().size() - 10 - std::string(".ics").size());
  EXPECT_EQ(server_.CallWith(secret, &TasksService::Stub::ListTasks, tasks::v1::ListTasksRequest())
                .reason(),
            "PERMISSION_DENIED");
  EXPECT_EQ(
      server_
          .CallWith(secret, &MeetingsService::Stub::GetCalendar, meetings::v1::GetCalendarRequest())
          ->content(),
      read.body);
  // A meeting that is cancelled says so, with a higher number.
  meetings::v1::CancelMeetingRequest cancel;
  cancel.set_name(demo);
  Made(&MeetingsService::Stub::CancelMeeting, cancel, key_);
  const std::string after = Unfolded(Get(address.path()).body);
  EXPECT_THAT(after, HasSubstr("STATUS:CANCELLED"));
  EXPECT_THAT(after, HasSubstr("SEQUENCE:1\r\n"));
}

TEST_F(CalendarAddressTest, IsToldAgainOnlyWhereItChanged) {
  const workspaces::v1::CalendarAddress address = Renew();
  const std::string tag = Get(address.path()).header("etag");
  ASSERT_THAT(tag, Not(IsEmpty()));
  server_.clock().Advance(absl::Hours(1));
  const HttpReply same = Get(address.path(), absl::StrCat("if-none-match: \"x\", ", tag));
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(same.header("etag"), tag);
  CreateTask("Call back", At("due_time", absl::Hours(48)));
  const HttpReply other = Get(address.path(), absl::StrCat("if-none-match: ", tag));
  EXPECT_EQ(other.status, 200);
  EXPECT_NE(other.header("etag"), tag);
}

TEST_F(CalendarAddressTest, LeadsNowhereOnceItWasRenewedOrWithdrawn) {
  const workspaces::v1::CalendarAddress first = Renew();
  const workspaces::v1::CalendarAddress second = Renew();
  EXPECT_EQ(first.api_key().name(), second.api_key().name()) << "a user has one";
  EXPECT_NE(first.path(), second.path());
  EXPECT_EQ(Get(first.path()).status, 404);
  EXPECT_EQ(Get(first.path()).body, Get("/calendar/x.ics").body) << "as one that never was";
  EXPECT_EQ(Get(second.path()).status, 200);
  workspaces::v1::RenewCalendarAddressRequest again;
  again.set_request_id("once");
  const auto third = Made(&WorkspacesStub::RenewCalendarAddress, again, key_);
  EXPECT_THAT(third.path(), Not(IsEmpty()));
  EXPECT_EQ(Made(&WorkspacesStub::RenewCalendarAddress, again, key_).path(), "") << "told once";
  EXPECT_EQ(Get(third.path()).status, 200);
  const workspaces::v1::WithdrawCalendarAddressRequest withdraw;
  Made(&WorkspacesStub::WithdrawCalendarAddress, withdraw, key_);
  EXPECT_EQ(Get(third.path()).status, 404);
  Made(&WorkspacesStub::WithdrawCalendarAddress, withdraw, key_);
  EXPECT_NE(Renew().api_key().name(), first.api_key().name());
}

TEST_F(CalendarAddressTest, IsOfAUserAndEndsWithThem) {
  EXPECT_EQ(server_
                .Call(&WorkspacesStub::RenewCalendarAddress,
                      workspaces::v1::RenewCalendarAddressRequest())
                .reason(),
            "NO_USER");
  EXPECT_EQ(server_
                .Call(&WorkspacesStub::WithdrawCalendarAddress,
                      workspaces::v1::WithdrawCalendarAddressRequest())
                .reason(),
            "NO_USER");
  EXPECT_EQ(server_.Call(&MeetingsService::Stub::GetCalendar, meetings::v1::GetCalendarRequest())
                .reason(),
            "NO_USER");
  const std::string path = Renew().path();
  EXPECT_EQ(Get(path).status, 200);
  HttpClient client(server_.server().ports().front()->port());
  EXPECT_EQ(client.Post(path, "{}").status, 405);
  users::v1::DeactivateUserRequest deactivate;
  deactivate.set_name(ben_);
  Made(&users::v1::UsersService::Stub::DeactivateUser, deactivate);
  EXPECT_EQ(Get(path).status, 404);
}

TEST(FindDocument, TakesWhatStandsBetween) {
  const DocumentPath* const found = FindDocument("/calendar/kith_1_a.ics");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->CredentialsIn("/calendar/kith_1_a.ics"), "kith_1_a");
  EXPECT_EQ(FindDocument("/calendar/.ics"), nullptr);
  EXPECT_EQ(FindDocument("/calendar.ics"), nullptr);
  EXPECT_EQ(FindDocument("/kith.meetings.v1.MeetingsService/GetCalendar"), nullptr);
}

}  // namespace
}  // namespace kith::edge
