// Who is told of tasks, and when, over the whole server: its clock stands still until it is moved.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kith/business_calendars/v1/business_calendars_service.grpc.pb.h"
#include "tests/services/notifications/notices_fixture.h"

namespace kith::notifications {
namespace {

using tasks::v1::Task;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class TaskNoticesTest : public NoticesFixture {
 protected:
  std::string Update(const std::string& task, const std::string& text, const std::string& path) {
    tasks::v1::UpdateTaskRequest request;
    *request.mutable_task() = testing::Proto<Task>(text);
    request.mutable_task()->set_name(task);
    request.mutable_update_mask()->add_paths(path);
    return server_.Call(&TaskStub::UpdateTask, request).reason();
  }
  Task Get(const std::string& task) {
    tasks::v1::GetTaskRequest request;
    request.set_name(task);
    return server_.Call(&TaskStub::GetTask, request).response;
  }
  int CountTasks() {
    return server_.Call(&TaskStub::ListTasks, tasks::v1::ListTasksRequest())->tasks_size();
  }
};

TEST_F(TaskNoticesTest, TellsWhomATaskIsGivenTo) {
  const std::string ben = CreateUser("Ben");
  const std::string task = CreateTask("Call Aspen", ben);
  Await(ben, v1::ASSIGNMENT, 1);
  const v1::Notification told = Told(ben, v1::ASSIGNMENT)[0];
  EXPECT_EQ(told.display_name(), "The task Call Aspen is yours now.");
  EXPECT_EQ(told.record(), task);
  EXPECT_FALSE(told.read());
}

TEST_F(TaskNoticesTest, TellsNobodyOfWhatTheyDoThemselves) {
  const std::string ben = CreateUser("Ben", "roles: 'roles/admin'");
  CreateTask("Own", ben, "", KeyOf(ben));
  CreateTask("Given", ben);
  Await(ben, v1::ASSIGNMENT, 1);
  AwaitRest();
  EXPECT_THAT(Texts(ben, v1::ASSIGNMENT), ElementsAre("The task Given is yours now."));
}

TEST_F(TaskNoticesTest, TellsWhoMayTakeItFromTheQueue) {
  const std::string sales = CreateTeam("Sales");
  const std::string north = CreateTeam("North", sales);
  const std::string in_sales = absl::StrCat("roles: 'roles/admin' teams: '", sales, "'");
  const std::string ada = CreateUser("Ada", in_sales);
  const std::string ben = CreateUser("Ben", in_sales);
  const std::string cora = CreateUser("Cora", absl::StrCat("teams: '", north, "'"));
  const std::string dan = CreateUser("Dan");
  CreateTask("Call Aspen", sales, "", KeyOf(ada));
  Await(ben, v1::ASSIGNMENT, 1);
  Await(cora, v1::ASSIGNMENT, 1);
  AwaitRest();
  EXPECT_THAT(Texts(ben, v1::ASSIGNMENT),
              ElementsAre("The task Call Aspen waits in the queue of your team."));
  EXPECT_THAT(Told(ada, v1::ASSIGNMENT), IsEmpty());
  EXPECT_THAT(Told(dan, v1::ASSIGNMENT), IsEmpty());
  // Who leaves the team is told no more.
  users::v1::UpdateUserRequest leave;
  leave.mutable_user()->set_name(ben);
  leave.mutable_update_mask()->add_paths("teams");
  EXPECT_EQ(server_.Call(&users::v1::UsersService::Stub::UpdateUser, leave).reason(), "");
  CreateTask("Call Birch", sales);
  Await(cora, v1::ASSIGNMENT, 2);
  AwaitRest();
  EXPECT_EQ(Told(ben, v1::ASSIGNMENT).size(), 1u);
  EXPECT_EQ(Told(ada, v1::ASSIGNMENT).size(), 1u);
}

// Goal: of a team of any size everybody is told once, also where one of them wants to hear nothing.
TEST_F(TaskNoticesTest, TellsALargeTeamInParts) {
  const std::string sales = CreateTeam("Sales");
  users::v1::BatchCreateUsersRequest many;
  for (int i = 0; i < 65; ++i) {
    users::v1::User& user = *many.add_requests()->mutable_user();
    user.set_display_name(absl::StrCat("User ", i));
    user.add_teams(sales);
  }
  many.mutable_requests(7)
      ->mutable_user()
      ->mutable_notification_preferences()
      ->add_kinds()
      ->set_muted(true);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(server_.Call(&users::v1::UsersService::Stub::BatchCreateUsers, many).reason(), "");
  }
  const std::string last = CreateUser("Last", absl::StrCat("teams: '", sales, "'"));
  const std::string task = CreateTask("Call Aspen", sales);
  Await(last, v1::ASSIGNMENT, 1);
  server_.Restart(/*new_views=*/true);
  AwaitRest();
  v1::ListNotificationsRequest list;
  list.set_page_size(1'000);
  list.set_filter(absl::StrCat("record = \"", task, "\""));
  EXPECT_EQ(server_.Call(&Stub::ListNotifications, list)->notifications_size(), 2 * 64 + 1);
  v1::TellUsersRequest tell;
  tell.mutable_notification()->set_display_name("Something");
  tell.add_users(last);
  EXPECT_EQ(server_.Call(&Stub::TellUsers, tell).reason(), "MAILS_BY_ITSELF");
}

TEST_F(TaskNoticesTest, RemindsAtEachTimeOnce) {
  const std::string ben = CreateUser("Ben");
  const std::string task = CreateTask(
      "Call Aspen", ben,
      absl::StrCat(Due(absl::Hours(2)), Reminder(absl::Hours(1)), Reminder(absl::Minutes(15))));
  const std::string etag = Get(task).etag();
  server_.clock().Advance(absl::Minutes(59));
  AwaitRest();  // takes the minute that is left
  Await(ben, v1::REMINDER, 1);
  EXPECT_THAT(Texts(ben, v1::REMINDER), ElementsAre(StartsWith("The task Call Aspen is due on ")));
  EXPECT_EQ(Told(ben, v1::REMINDER)[0].record(), task);
  server_.clock().Advance(absl::Minutes(45));
  Await(ben, v1::REMINDER, 2);
  EXPECT_THAT(Told(ben, v1::OVERDUE), IsEmpty());
  server_.clock().Advance(absl::Minutes(15));
  Await(ben, v1::OVERDUE, 1);
  EXPECT_THAT(Texts(ben, v1::OVERDUE),
              ElementsAre(StartsWith("The task Call Aspen is overdue: it was due on ")));
  // Nor does it happen again: not after a restart, not in views that are folded anew.
  server_.Restart(/*new_views=*/true);
  AwaitRest();
  server_.Restart();
  AwaitRest();
  EXPECT_EQ(Told(ben, v1::REMINDER).size(), 2u);
  EXPECT_EQ(Told(ben, v1::OVERDUE).size(), 1u);
  EXPECT_EQ(Get(task).etag(), etag) << "a reminder does not change the task";
}

TEST_F(TaskNoticesTest, MovesAndCancelsWithTheTask) {
  const std::string ben = CreateUser("Ben");
  const std::string reminds = absl::StrCat(Due(absl::Hours(2)), Reminder(absl::Hours(1)));
  const std::string moved = CreateTask("Moved", ben, reminds);
  const std::string done = CreateTask("Done", ben, reminds);
  const std::string deleted = CreateTask("Deleted", ben, reminds);
  const std::string without = CreateTask("Without", ben, reminds);
  const std::string reopened = CreateTask("Reopened", ben, reminds);
  Reschedule(moved, absl::Hours(24));
  Do(&TaskStub::CompleteTask, done);
  tasks::v1::DeleteTaskRequest remove;
  remove.set_name(deleted);
  EXPECT_EQ(server_.Call(&TaskStub::DeleteTask, remove).reason(), "");
  EXPECT_EQ(Update(without, "", "reminders"), "");
  Do(&TaskStub::CancelTask, reopened);
  server_.clock().Advance(absl::Minutes(90));
  AwaitRest();
  EXPECT_THAT(Texts(ben, v1::REMINDER), IsEmpty());
  // What is reopened waits for what is still to come: the reminder's time has passed.
  Do(&TaskStub::ReopenTask, reopened);
  server_.clock().Advance(absl::Hours(1));
  Await(ben, v1::OVERDUE, 2);
  AwaitRest();
  EXPECT_THAT(Texts(ben, v1::REMINDER), IsEmpty());
  EXPECT_THAT(Texts(ben, v1::OVERDUE),
              ::testing::UnorderedElementsAre(StartsWith("The task Without is overdue"),
                                              StartsWith("The task Reopened is overdue")));
  server_.clock().Advance(absl::Hours(21));
  Await(ben, v1::REMINDER, 1);
  EXPECT_THAT(Texts(ben, v1::REMINDER), ElementsAre(StartsWith("The task Moved is due on ")));
}

// RE-12.
TEST_F(TaskNoticesTest, OfWhatHasPassedItRemindsOnceAtOnce) {
  const std::string ben = CreateUser("Ben");
  CreateTask("Meet", ben,
             absl::StrCat(Due(absl::Minutes(10)), Reminder(absl::Hours(1)),
                          Reminder(absl::Hours(2)), Reminder(absl::Minutes(5))));
  Await(ben, v1::REMINDER, 1);
  AwaitRest();
  EXPECT_THAT(Texts(ben, v1::REMINDER), ElementsAre(::testing::Not(::testing::HasSubstr("late"))));
  server_.clock().Advance(absl::Minutes(4));
  Await(ben, v1::REMINDER, 2);
  // A further one that has passed is told; those that were there are not told again.
  CreateTask("Overdue", ben, absl::StrCat(Due(-absl::Hours(1)), Reminder(absl::Hours(2))));
  AwaitRest();
  EXPECT_EQ(Told(ben, v1::REMINDER).size(), 2u);
  EXPECT_THAT(Told(ben, v1::OVERDUE), IsEmpty());
}

TEST_F(TaskNoticesTest, SaysThatItIsLate) {
  const std::string ben = CreateUser("Ben");
  CreateTask("Call Aspen", ben, absl::StrCat(Due(absl::Hours(2)), Reminder(absl::Hours(1))));
  Await(ben, v1::ASSIGNMENT, 1);
  BeDown(absl::Minutes(3 * 60 + 5));
  Await(ben, v1::REMINDER, 1);
  Await(ben, v1::OVERDUE, 1);
  AwaitRest();
  EXPECT_THAT(Texts(ben, v1::REMINDER),
              ElementsAre(::testing::MatchesRegex(
                  "The task Call Aspen was due on .* \\(told 2h5m late\\)\\.")));
  EXPECT_THAT(Texts(ben, v1::OVERDUE), ElementsAre(::testing::HasSubstr("(told 1h5m late)")));
}

TEST_F(TaskNoticesTest, IsDueWhenItsDayEnds) {
  const std::string ben = CreateUser("Ben");
  const absl::TimeZone berlin = absl::FixedTimeZone(3600);
  const absl::CivilDay tomorrow = absl::ToCivilDay(server_.clock().Now(), berlin) + 1;
  CreateTask("Call Aspen", ben,
             absl::StrCat("time_zone: 'Etc/GMT-1' due_date { year: ", tomorrow.year(),
                          " month: ", tomorrow.month(), " day: ", tomorrow.day(), " } ",
                          Reminder(absl::Hours(1))));
  const absl::Time end = absl::FromCivil(tomorrow + 1, berlin);
  server_.clock().Advance(end - absl::Hours(1) - absl::Seconds(1) - server_.clock().Now());
  EXPECT_THAT(Told(ben, v1::REMINDER), IsEmpty());
  server_.clock().Advance(absl::Seconds(1));
  Await(ben, v1::REMINDER, 1);
  EXPECT_THAT(Texts(ben, v1::REMINDER),
              ElementsAre(absl::StrCat("The task Call Aspen is due on ",
                                       absl::FormatCivilTime(tomorrow), ".")));
  server_.clock().Advance(absl::Hours(1));
  Await(ben, v1::OVERDUE, 1);
}

// RE-13: of what is due on a day it reminds when that day opens, by the clocks of whose task it is,
// and where it is closed, when the last business day before does.
TEST_F(TaskNoticesTest, RemindsWhenADayOpens) {
  business_calendars::v1::CreateBusinessCalendarRequest create;
  *create.mutable_business_calendar() = testing::Proto<business_calendars::v1::BusinessCalendar>(
      "display_name: 'Office' time_zone: 'Europe/Berlin' periods { start: '08:30' end: '17:00' "
      "weekdays: [MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY] }");
  const auto office = server_.Call(
      &business_calendars::v1::BusinessCalendarsService::Stub::CreateBusinessCalendar, create);
  ASSERT_EQ(office.reason(), "");
  const std::string ben = CreateUser("Ben");
  const absl::TimeZone zone = absl::FixedTimeZone(-5 * 3600);
  const absl::CivilDay friday =
      absl::NextWeekday(absl::ToCivilDay(server_.clock().Now(), zone), absl::Weekday::friday);
  const auto on = [&](absl::CivilDay day) {
    return absl::StrCat("time_zone: 'Etc/GMT+5' business_calendar: '", office->name(),
                        "' due_date { year: ", day.year(), " month: ", day.month(),
                        " day: ", day.day(), " } ", Reminder(absl::ZeroDuration()));
  };
  CreateTask("On Friday", ben, on(friday));
  CreateTask("On Sunday", ben, on(friday + 2));
  const std::string without = CreateTask("At its end", ben, on(friday));
  EXPECT_EQ(Update(without, "", "business_calendar"), "");
  const absl::Time opening = absl::FromCivil(absl::CivilSecond(friday) + 8 * 3600 + 1800, zone);
  server_.clock().Advance(opening - absl::Seconds(1) - server_.clock().Now());
  EXPECT_THAT(Told(ben, v1::REMINDER), IsEmpty());
  server_.clock().Advance(absl::Seconds(1));
  Await(ben, v1::REMINDER, 2);
  EXPECT_THAT(Texts(ben, v1::REMINDER),
              ::testing::UnorderedElementsAre(StartsWith("The task On Friday is due on "),
                                              StartsWith("The task On Sunday is due on ")));
  server_.clock().Advance(absl::FromCivil(friday + 1, zone) - server_.clock().Now());
  Await(ben, v1::REMINDER, 3);
}

TEST_F(TaskNoticesTest, TellsTheTeamWhatIsOverdueInItsQueue) {
  const std::string sales = CreateTeam("Sales");
  const std::string ada = CreateUser("Ada", absl::StrCat("teams: '", sales, "'"));
  CreateTask("Call Aspen", sales, Due(absl::Hours(1)));
  const std::string ben = CreateUser("Ben", absl::StrCat("teams: '", sales, "'"));
  server_.clock().Advance(absl::Hours(1));
  Await(ada, v1::OVERDUE, 1);
  Await(ben, v1::OVERDUE, 1);  // who came since
}

TEST_F(TaskNoticesTest, MakesTheNextOfASeriesWhenOneIsDue) {
  const std::string ben = CreateUser("Ben");
  std::string task =
      CreateTask("Report", ben,
                 absl::StrCat(Due(absl::Hours(1)),
                              "time_zone: 'UTC' recurrence: 'FREQ=DAILY' recurs_when_due: true"));
  // More of them than reactions may follow from one another.
  for (int day = 0; day < 18; ++day) {
    server_.clock().Advance(absl::Hours(day == 0 ? 1 : 24));
    Await(ben, v1::OVERDUE, static_cast<size_t>(day) + 1);
    AwaitThat([&] { return !Get(task).next_task().empty(); });
    const std::string next = Get(task).next_task();
    EXPECT_EQ(Get(next).recurrence_of(), task);
    EXPECT_EQ(Get(next).due_time().seconds() - Get(task).due_time().seconds(), 24 * 3600);
    task = next;
  }
  // It is there: done later, it makes no other.
  const int before = CountTasks();
  Do(&TaskStub::CompleteTask, Get(task).recurrence_of());
  EXPECT_EQ(CountTasks(), before);
  // Done before it is due, it makes the next, and none is made when it would have been.
  Do(&TaskStub::CompleteTask, task);
  EXPECT_EQ(CountTasks(), before + 1);
  EXPECT_EQ(Told(ben, v1::ASSIGNMENT).size(), 1u) << "that a series goes on is no news";
}

TEST_F(TaskNoticesTest, NobodyElseSaysThatATaskIsDue) {
  const std::string task = CreateTask("Call Aspen", CreateUser("Ben"), Due(absl::Hours(1)));
  tasks::v1::RaiseTaskReminderRequest request;
  request.set_name(task);
  *request.mutable_due_time() = Get(task).due_time();
  EXPECT_EQ(server_.Call(&TaskStub::RaiseTaskReminder, request).reason(), "REMINDS_BY_ITSELF");
}

}  // namespace
}  // namespace kith::notifications
