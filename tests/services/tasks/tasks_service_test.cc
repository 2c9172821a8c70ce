// Tasks over gRPC: what is their own. What every resource does is asked in tests/conformance.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/proto_time.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/tasks/v1/tasks_service.grpc.pb.h"
#include "kith/teams/v1/teams_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::tasks {
namespace {

using google::protobuf::RepeatedPtrField;
using roles::v1::AccessScope;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Proto;
using ::testing::UnorderedElementsAre;
using Stub = v1::TasksService::Stub;
using TeamStub = teams::v1::TeamsService::Stub;
using UserStub = users::v1::UsersService::Stub;

std::vector<std::string> TitlesOf(const RepeatedPtrField<v1::Task>& tasks) {
  std::vector<std::string> titles;
  for (const v1::Task& task : tasks) titles.push_back(task.display_name());
  return titles;
}

class TasksServiceTest : public ::testing::Test {
 protected:
  std::string CreateTeam(const std::string& display_name, const std::string& parent = "") {
    teams::v1::CreateTeamRequest request;
    request.mutable_team()->set_display_name(display_name);
    request.mutable_team()->set_parent(parent);
    const auto made = server_.Call(&TeamStub::CreateTeam, request);
    EXPECT_EQ(made.reason(), "");
    return made->name();
  }
  // With a role that reads and writes tasks so far.
  std::string CreateUser(const std::string& team, AccessScope reading, AccessScope writing,
                         const std::string& time_zone = "") {
    roles::v1::CreateRoleRequest role;
    role.mutable_role()->set_display_name("Role");
    for (const auto& [permission, scope] :
         {std::pair("tasks.read", reading), std::pair("tasks.write", writing),
          std::pair("users.read", roles::v1::ALL), std::pair("teams.read", roles::v1::ALL)}) {
      auto& grant = *role.mutable_role()->add_grants();
      grant.set_permission(permission);
      grant.set_scope(scope);
    }
    users::v1::CreateUserRequest user;
    user.mutable_user()->set_display_name("Marta");
    user.mutable_user()->set_time_zone(time_zone);
    user.mutable_user()->add_roles(
        server_.Call(&roles::v1::RolesService::Stub::CreateRole, role)->name());
    if (!team.empty()) user.mutable_user()->add_teams(team);
    const auto made = server_.Call(&UserStub::CreateUser, user);
    EXPECT_EQ(made.reason(), "");
    return made->name();
  }
  std::string KeyOf(const std::string& user) {
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Marta's");
    key.mutable_api_key()->set_user(user);
    key.mutable_api_key()->add_permissions("*");
    return server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
  }
  testing::Reply<v1::Task> Create(const std::string& title, const std::string& text = "") {
    v1::CreateTaskRequest request;
    *request.mutable_task() = Proto<v1::Task>(text);
    request.mutable_task()->set_display_name(title);
    auto made = server_.Call(&Stub::CreateTask, request);
    EXPECT_EQ(made.reason(), "") << text;
    return made;
  }
  std::string Created(const std::string& title, const std::string& text = "") {
    return Create(title, text)->name();
  }
  // "due_time { … }": so long after now.
  std::string Due(absl::Duration after) {
    return absl::StrCat("due_time { seconds: ", absl::ToUnixSeconds(server_.clock().Now() + after),
                        " } ");
  }
  template <class Request>
  testing::Reply<v1::Task> Do(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                           v1::Task*),
                              const std::string& name, const std::string& key = "",
                              const std::string& request_id = "") {
    Request request;
    request.set_name(name);
    request.set_request_id(request_id);
    return server_.CallWith(key.empty() ? server_.secret() : key, method, request);
  }
  testing::Reply<v1::Task> Get(const std::string& name, const std::string& key = "") {
    v1::GetTaskRequest request;
    request.set_name(name);
    return server_.CallWith(key.empty() ? server_.secret() : key, &Stub::GetTask, request);
  }
  std::vector<std::string> Listed(const std::string& filter, const std::string& key = "") {
    v1::ListTasksRequest request;
    request.set_filter(filter);
    request.set_order_by("due_time");
    const auto page =
        server_.CallWith(key.empty() ? server_.secret() : key, &Stub::ListTasks, request);
    EXPECT_EQ(page.reason(), "");
    return TitlesOf(page->tasks());
  }
  testing::Reply<v1::Agenda> AgendaOf(const std::string& user, const std::string& key = "",
                                      const std::string& token = "") {
    v1::QueryAgendaRequest request;
    request.set_user(user);
    if (!token.empty()) request.mutable_read()->set_token(token);
    return server_.CallWith(key.empty() ? server_.secret() : key, &Stub::QueryAgenda, request);
  }

  testing::TestServer server_;
};

// Goal: nothing comes back into a queue that nobody looks into.
TEST_F(TasksServiceTest, ComesBackOnlyIntoTheQueueOfATeamThatIsThere) {
  const std::string west = CreateTeam("West");
  const std::string task = Created("Call", absl::StrCat("owner: '", west, "'"));
  v1::DeleteTaskRequest remove;
  remove.set_name(task);
  ASSERT_EQ(server_.Call(&Stub::DeleteTask, remove).reason(), "");
  teams::v1::DeleteTeamRequest dissolve;
  dissolve.set_name(west);
  ASSERT_EQ(server_.Call(&TeamStub::DeleteTeam, dissolve).reason(), "");
  const auto refused = Do<v1::UndeleteTaskRequest>(&Stub::UndeleteTask, task);
  EXPECT_EQ(refused.reason(), "LINKED_RECORD_DELETED");
  EXPECT_EQ(refused.metadata("record"), west);
  EXPECT_EQ(refused.metadata("field"), "owner");
  teams::v1::UndeleteTeamRequest form;
  form.set_name(west);
  ASSERT_EQ(server_.Call(&TeamStub::UndeleteTeam, form).reason(), "");
  EXPECT_EQ(Do<v1::UndeleteTaskRequest>(&Stub::UndeleteTask, task)->owner(), west);
}

TEST_F(TasksServiceTest, ListsWhatIsOverdue) {
  Created("late", Due(absl::Hours(-2)));
  const std::string done = Created("late and done", Due(absl::Hours(-3)));
  ASSERT_EQ(Do(&Stub::CompleteTask, done).reason(), "");
  ASSERT_EQ(Do(&Stub::StartTask, Created("begun", Due(absl::Hours(-1)))).reason(), "");
  Created("later", Due(absl::Hours(1)));
  Created("some day");
  EXPECT_THAT(Listed("state in (OPEN, IN_PROGRESS) due_time < now"), ElementsAre("late", "begun"));
}

TEST_F(TasksServiceTest, MakesTheNextOneInTheSameAppendAndOnce) {
  const auto first =
      Create("weekly", absl::StrCat(Due(absl::Hours(1)), "recurrence: 'FREQ=WEEKLY'"));
  const auto done = Do(&Stub::CompleteTask, first->name(), "", "done");
  ASSERT_EQ(done.reason(), "");
  ASSERT_NE(done->next_task(), "");
  const auto next = Get(done->next_task());
  ASSERT_EQ(next.reason(), "");
  EXPECT_EQ(next->recurrence_of(), first->name());
  EXPECT_EQ(next->state(), v1::OPEN);
  EXPECT_EQ(FromTimestamp(next->due_time()),
            FromTimestamp(first->due_time()) + absl::Hours(7 * 24));
  // Repeated, with and without its request id.
  EXPECT_EQ(Do(&Stub::CompleteTask, first->name(), "", "done")->next_task(), done->next_task());
  EXPECT_EQ(Do(&Stub::CompleteTask, first->name())->next_task(), done->next_task());
  EXPECT_THAT(Listed("display_name = weekly"), ElementsAre("weekly", "weekly"));
  v1::ListTasksRequest before;
  before.mutable_read()->set_token(first.token);
  EXPECT_EQ(server_.Call(&Stub::ListTasks, before)->tasks_size(), 1);
}

TEST_F(TasksServiceTest, BlocksWhatComesAfterUntilItIsDone) {
  const std::string first = Created("first");
  const std::string hidden = Created(
      "hidden", absl::StrCat("owner: '", CreateUser("", roles::v1::OWN, roles::v1::OWN), "'"));
  const std::string user = CreateUser("", roles::v1::OWN, roles::v1::OWN);
  const std::string second = Created(
      "second", absl::StrCat("owner: '", user, "' blocked_by: ['", first, "', '", hidden, "']"));
  const auto refused = Do(&Stub::StartTask, second);
  EXPECT_EQ(refused.reason(), "TASK_BLOCKED");
  EXPECT_EQ(refused.metadata("blocked_by"), absl::StrCat(first, ", ", hidden));
  ASSERT_EQ(Do(&Stub::CompleteTask, first).reason(), "");
  const auto told = Do(&Stub::CompleteTask, second, KeyOf(user));
  EXPECT_EQ(told.reason(), "TASK_BLOCKED");
  EXPECT_EQ(told.metadata("blocked_by"), "") << "no name of what the caller does not see";
  v1::DeleteTaskRequest remove;
  remove.set_name(hidden);
  ASSERT_EQ(server_.Call(&Stub::DeleteTask, remove).reason(), "");
  EXPECT_EQ(Do(&Stub::CompleteTask, second, KeyOf(user)).reason(), "");
}

TEST_F(TasksServiceTest, RefusesADependencyOnItself) {
  const std::string task = Created("task");
  v1::UpdateTaskRequest update;
  update.mutable_task()->set_name(task);
  update.mutable_task()->add_blocked_by(task);
  const auto refused = server_.Call(&Stub::UpdateTask, update);
  EXPECT_EQ(refused.reason(), "LINK_CYCLE");
  EXPECT_EQ(refused.metadata("field"), "task.blocked_by");
}

// Goal: a queue is there for who is in its team, or in a part of it, however far their role
// reaches, and for nobody else.
TEST_F(TasksServiceTest, IsTakenBySomebodyOfTheTeam) {
  const std::string sales = CreateTeam("Sales");
  const std::string north = CreateTeam("North", sales);
  const std::string support = CreateTeam("Support");
  const std::string task = Created("queued", absl::StrCat("owner: '", sales, "'"));
  const std::string member = CreateUser(north, roles::v1::OWN, roles::v1::OWN);
  const std::string key = KeyOf(member);
  const std::string of_support = KeyOf(CreateUser(support, roles::v1::TEAM, roles::v1::TEAM));
  const std::string of_all = KeyOf(CreateUser(support, roles::v1::ALL, roles::v1::ALL));

  EXPECT_THAT(Listed("", key), ElementsAre("queued"));
  EXPECT_THAT(Listed("", of_support), IsEmpty());
  EXPECT_EQ(Get(task, of_support).reason(), "TASK_NOT_FOUND");
  EXPECT_EQ(Do(&Stub::TakeTask, task, of_support).reason(), "TASK_NOT_FOUND");
  EXPECT_EQ(Do(&Stub::TakeTask, task, of_all).reason(), "NOT_IN_TEAM");
  EXPECT_EQ(Do(&Stub::TakeTask, task).reason(), "NOT_IN_TEAM") << "a service";

  const auto taken = Do(&Stub::TakeTask, task, key);
  ASSERT_EQ(taken.reason(), "");
  EXPECT_EQ(taken->owner(), member);
  EXPECT_EQ(taken->queue(), sales);
  const std::string colleague = KeyOf(CreateUser(sales, roles::v1::OWN, roles::v1::OWN));
  EXPECT_THAT(Listed("", colleague), IsEmpty()) << "it is somebody's now";
  const auto back = Do(&Stub::HandBackTask, task, key);
  ASSERT_EQ(back.reason(), "");
  EXPECT_EQ(back->owner(), sales);
  EXPECT_THAT(Listed("", colleague), ElementsAre("queued"));
}

TEST_F(TasksServiceTest, IsHandedBackToATeamThatIsThere) {
  const std::string sales = CreateTeam("Sales");
  const std::string task = Created("queued", absl::StrCat("owner: '", sales, "'"));
  const std::string key = KeyOf(CreateUser(sales, roles::v1::OWN, roles::v1::OWN));
  ASSERT_EQ(Do(&Stub::TakeTask, task, key).reason(), "");
  teams::v1::DeleteTeamRequest dissolve;
  dissolve.set_name(sales);
  ASSERT_EQ(server_.Call(&TeamStub::DeleteTeam, dissolve).reason(), "");
  const auto refused = Do(&Stub::HandBackTask, task, key);
  EXPECT_EQ(refused.reason(), "LINKED_RECORD_NOT_FOUND");
  EXPECT_THAT(refused.fields(), ElementsAre("queue"));
  teams::v1::UndeleteTeamRequest form;
  form.set_name(sales);
  ASSERT_EQ(server_.Call(&TeamStub::UndeleteTeam, form).reason(), "");
  EXPECT_EQ(Do(&Stub::HandBackTask, task, key)->owner(), sales);
}

TEST_F(TasksServiceTest, RefusesExceptionsThatAreNoDays) {
  v1::CreateTaskRequest request;
  *request.mutable_task() = Proto<v1::Task>(
      absl::StrCat("display_name: 'Call' recurrence: 'FREQ=DAILY' ",
                   "exception_dates { year: 2026 month: 2 day: 30 } ", Due(absl::Hours(1))));
  EXPECT_THAT(server_.Call(&Stub::CreateTask, request).fields(),
              ElementsAre("task.exception_dates[0]"));
  request.mutable_task()->clear_exception_dates();
  for (int i = 0; i < 367; ++i) {
    google::type::Date& date = *request.mutable_task()->add_exception_dates();
    date.set_year(2027 + i);
    date.set_month(1);
    date.set_day(1);
  }
  EXPECT_THAT(server_.Call(&Stub::CreateTask, request).fields(),
              ElementsAre("task.exception_dates"));
}

TEST_F(TasksServiceTest, OfATeamIsSeenByWhoseTeamsItIsAPartOf) {
  const std::string sales = CreateTeam("Sales");
  const std::string north = CreateTeam("North", sales);
  Created("north's", absl::StrCat("owner: '", north, "'"));
  const std::string by_team = KeyOf(CreateUser(sales, roles::v1::TEAM, roles::v1::TEAM));
  const std::string by_own = KeyOf(CreateUser(sales, roles::v1::OWN, roles::v1::OWN));
  EXPECT_THAT(Listed("", by_team), ElementsAre("north's"));
  EXPECT_THAT(Listed("", by_own), IsEmpty());
}

TEST_F(TasksServiceTest, TellsWhoCouldSeeATeams) {
  const std::string sales = CreateTeam("Sales");
  const std::string north = CreateTeam("North", sales);
  const std::string of_north = CreateUser(north, roles::v1::OWN, roles::v1::OWN);
  const std::string of_sales = CreateUser(sales, roles::v1::TEAM, roles::v1::OWN);
  CreateUser("", roles::v1::TEAM, roles::v1::OWN);
  const auto whose = [&](const std::string& team) {
    users::v1::QueryRecordAccessRequest request;
    request.set_name(Created("task", absl::StrCat("owner: '", team, "'")));
    const auto access = server_.Call(&UserStub::QueryRecordAccess, request);
    EXPECT_EQ(access.reason(), "");
    std::vector<std::string> told;
    for (const auto& user : access->users()) {
      told.push_back(absl::StrCat(user.user(), " ",
                                  users::v1::AccessWay_Name(user.reasons(0).way()), " ",
                                  user.reasons(0).through(), user.may_change() ? " changes" : ""));
    }
    return told;
  };
  EXPECT_THAT(whose(sales),
              UnorderedElementsAre(absl::StrCat(of_north, " OWNS ", sales, " changes"),
                                   absl::StrCat(of_sales, " OWNS ", sales, " changes")));
  EXPECT_THAT(whose(north),
              UnorderedElementsAre(absl::StrCat(of_north, " OWNS ", north, " changes"),
                                   absl::StrCat(of_sales, " TEAM_OF_OWNER ", north)));
}

TEST_F(TasksServiceTest, MakesAnAgendaByTheDaysOfTheUser) {
  const std::string user = CreateUser("", roles::v1::OWN, roles::v1::OWN, "Asia/Tokyo");
  const std::string key = KeyOf(user);
  // A day's noon in Tokyo, which is 03:00 UTC.
  const absl::TimeZone tokyo = [] {
    absl::TimeZone zone;
    EXPECT_TRUE(absl::LoadTimeZone("Asia/Tokyo", &zone));
    return zone;
  }();
  const absl::CivilDay day = absl::ToCivilDay(server_.clock().Now(), tokyo) + 1;
  server_.clock().Advance(absl::FromCivil(absl::CivilSecond(day) + 12 * 3'600, tokyo) -
                          server_.clock().Now());
  const std::string his = absl::StrCat("owner: '", user, "' ");
  const auto date = [](absl::CivilDay on) {
    return absl::StrCat("time_zone: 'Asia/Tokyo' due_date { year: ", on.year(),
                        " month: ", on.month(), " day: ", on.day(), " } ");
  };
  Created("an hour ago", his + Due(absl::Hours(-1)));
  Created("yesterday", his + date(day - 1));
  Created("tonight", his + Due(absl::Hours(11)));
  Created("all day", his + date(day));
  const auto tomorrow = Create("tomorrow", his + Due(absl::Hours(13)));
  Created("in a week", his + date(day + 7));
  Created("beyond", his + date(day + 8));
  Created("some day", his);
  Created("another's", Due(absl::Hours(-1)));

  const auto agenda = AgendaOf("", key);
  ASSERT_EQ(agenda.reason(), "");
  EXPECT_EQ(agenda->user(), user);
  EXPECT_EQ(agenda->time_zone(), "Asia/Tokyo");
  EXPECT_EQ(agenda->date().day(), day.day());
  EXPECT_THAT(TitlesOf(agenda->overdue()), ElementsAre("yesterday", "an hour ago"));
  EXPECT_THAT(TitlesOf(agenda->today()), ElementsAre("tonight", "all day"));
  EXPECT_THAT(TitlesOf(agenda->upcoming()), ElementsAre("tomorrow", "in a week"));

  // What is done is in it no more, but as of before; and what was upcoming is overdue.
  ASSERT_EQ(Do(&Stub::CompleteTask, tomorrow->name(), key).reason(), "");
  EXPECT_THAT(TitlesOf(AgendaOf(user)->upcoming()), ElementsAre("in a week"));
  EXPECT_THAT(TitlesOf(AgendaOf(user, "", agenda.token)->upcoming()),
              ElementsAre("tomorrow", "in a week"));
  server_.clock().Advance(absl::Hours(24));
  EXPECT_THAT(TitlesOf(AgendaOf(user)->overdue()),
              ElementsAre("yesterday", "an hour ago", "tonight", "all day"));
}

TEST_F(TasksServiceTest, MakesAnAgendaOfWhatTheCallerSees) {
  const std::string user = CreateUser("", roles::v1::OWN, roles::v1::OWN);
  const std::string other = CreateUser("", roles::v1::OWN, roles::v1::OWN);
  const std::string owned = absl::StrCat("owner: '", user, "' ", Due(absl::Hours(-1)));
  Created("hidden", owned);
  Created("shared", absl::StrCat(owned, "viewers: '", other, "'"));
  EXPECT_THAT(TitlesOf(AgendaOf(user, KeyOf(other))->overdue()), ElementsAre("shared"));
  EXPECT_THAT(TitlesOf(AgendaOf(user)->overdue()), UnorderedElementsAre("hidden", "shared"));
  EXPECT_EQ(AgendaOf("users/none").reason(), "USER_NOT_FOUND");
  EXPECT_THAT(AgendaOf("").fields(), ElementsAre("user"));
}

TEST_F(TasksServiceTest, TellsWhichDealsHaveNoNextStep) {
  const std::string user = CreateUser("", roles::v1::OWN, roles::v1::OWN);
  const auto deal = [&](const std::string& title, const std::string& owner) {
    deals::v1::CreateDealRequest request;
    request.mutable_deal()->set_display_name(title);
    request.mutable_deal()->set_owner(owner);
    const auto made = server_.Call(&deals::v1::DealsService::Stub::CreateDeal, request);
    EXPECT_EQ(made.reason(), "");
    return made->name();
  };
  const auto titles = [&](const testing::Reply<v1::Agenda>& agenda) {
    EXPECT_EQ(agenda.reason(), "");
    std::vector<std::string> told;
    for (const auto& one : agenda->deals_without_task()) told.push_back(one.display_name());
    return told;
  };
  deal("Another's", "");
  const std::string aspen = deal("Aspen", user);
  const std::string birch = deal("Birch", user);
  deals::v1::WinDealRequest win;
  win.set_name(deal("Won", user));
  EXPECT_EQ(server_.Call(&deals::v1::DealsService::Stub::WinDeal, win).reason(), "");
  EXPECT_THAT(titles(AgendaOf(user)), UnorderedElementsAre("Aspen", "Birch"));
  // Whose the task is does not matter, nor when it is due, but whether it is still to be done.
  const std::string task = Created("Call", absl::StrCat("deal: '", aspen, "'"));
  const auto before = AgendaOf(user);
  EXPECT_THAT(titles(before), ElementsAre("Birch"));
  EXPECT_EQ(Do(&Stub::StartTask, task).reason(), "");
  EXPECT_THAT(titles(AgendaOf(user)), ElementsAre("Birch"));
  EXPECT_EQ(Do(&Stub::CompleteTask, task).reason(), "");
  EXPECT_THAT(titles(AgendaOf(user)), UnorderedElementsAre("Aspen", "Birch"));
  EXPECT_THAT(titles(AgendaOf(user, "", before.token)), ElementsAre("Birch"));
  // Who may read no deals is told of none.
  EXPECT_THAT(titles(AgendaOf(user, KeyOf(user))), IsEmpty());
  v1::QueryAgendaRequest request;
  request.set_user(user);
  request.set_page_size(1);
  const auto some = server_.Call(&Stub::QueryAgenda, request);
  EXPECT_EQ(some->deals_without_task_size(), 1);
  EXPECT_TRUE(some->more_deals_without_task());
}

TEST_F(TasksServiceTest, SaysThatThereIsMoreThanItTells) {
  const std::string user = CreateUser("", roles::v1::OWN, roles::v1::OWN);
  for (int i = 0; i < 3; ++i) {
    Created("late", absl::StrCat("owner: '", user, "' ", Due(absl::Hours(-1 - i))));
  }
  v1::QueryAgendaRequest request;
  request.set_user(user);
  request.set_page_size(2);
  const auto some = server_.Call(&Stub::QueryAgenda, request);
  EXPECT_EQ(some->overdue_size(), 2);
  EXPECT_TRUE(some->more_overdue());
  EXPECT_FALSE(some->more_today());
}

TEST_F(TasksServiceTest, RefusesRulesThatAreNone) {
  v1::CreateTaskRequest request;
  *request.mutable_task() = Proto<v1::Task>(
      absl::StrCat("display_name: 'Call' recurrence: 'FREQ=DAILY;COUNT=2;UNTIL=20270101' ",
                   Due(absl::Hours(1))));
  const auto refused = server_.Call(&Stub::CreateTask, request);
  EXPECT_THAT(refused.fields(), ElementsAre("task.recurrence"));
  EXPECT_THAT(refused.status.error_message(), HasSubstr("both COUNT and UNTIL"));
}

// Goal: who does not see a task learns nothing of what it is a part of, or waits for. Method: of a
// hidden one that leads back to theirs they are told what they are told of none.
TEST_F(TasksServiceTest, TellsNothingOfWhereHiddenOnesLead) {
  const std::string user = CreateUser("", roles::v1::OWN, roles::v1::OWN);
  const std::string key = KeyOf(user);
  const std::string own = Created("own", absl::StrCat("owner: '", user, "'"));
  const std::string part = Created("hidden", absl::StrCat("parent: '", own, "'"));
  const std::string waiting = Created("hidden", absl::StrCat("blocked_by: '", own, "'"));
  const auto refused = [&](const std::string& field, const std::string& record) {
    v1::UpdateTaskRequest request;
    *request.mutable_task() = Proto<v1::Task>(absl::StrCat(field, ": '", record, "'"));
    request.mutable_task()->set_name(own);
    request.mutable_update_mask()->add_paths(field);
    const auto reply = server_.CallWith(key, &Stub::UpdateTask, request);
    return absl::StrReplaceAll(absl::StrCat(reply.reason(), " ", reply.status.error_message()),
                               {{record, "NAME"}});
  };
  const std::string nobody = "tasks/01J00000000000000000000000";
  for (const auto& [field, hidden] :
       {std::pair("parent", part), std::pair("blocked_by", waiting)}) {
    EXPECT_EQ(refused(field, hidden), refused(field, nobody));
    EXPECT_THAT(refused(field, hidden), HasSubstr("LINKED_RECORD_NOT_FOUND"));
    EXPECT_THAT(refused(field, own), HasSubstr("LINK_CYCLE"));
  }
}

TEST_F(TasksServiceTest, LetsOneOfTwoTakeIt) {
  const std::string team = CreateTeam("Sales");
  const std::string task = Created("queued", absl::StrCat("owner: '", team, "'"));
  const std::string one = KeyOf(CreateUser(team, roles::v1::TEAM, roles::v1::TEAM));
  const std::string other = KeyOf(CreateUser(team, roles::v1::TEAM, roles::v1::TEAM));
  ASSERT_EQ(Do(&Stub::TakeTask, task, one).reason(), "");
  EXPECT_EQ(Do(&Stub::TakeTask, task, other).reason(), "NOT_IN_QUEUE");
}

}  // namespace
}  // namespace kith::tasks
