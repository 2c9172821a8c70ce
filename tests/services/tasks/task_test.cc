// The deciders of tasks and what follows from their fields.
#include "services/tasks/task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "kith/tasks/v1/tasks_errors.pb.h"
#include "services/core/resource_events.h"
#include "services/tasks/task_fields.h"
#include "tests/testing/decider_spec.h"

namespace kith::tasks {
namespace {

using testing::ChangesNothing;
using testing::DeciderSpec;
using testing::IsRejectedWith;
using testing::Proto;
using testing::SpecId;

constexpr char kTask[] = "tasks/1";

google::protobuf::Timestamp Time(absl::string_view text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << text;
  return ToTimestamp(time);
}

std::string Shown(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%dT%H:%MZ", FromTimestamp(time), absl::UTCTimeZone());
}

// Completed, as one that has just been created.
v1::Task NewTask(absl::string_view text) {
  auto task = Proto<v1::Task>(text);
  task.set_display_name("Call Ada");
  CompleteFields(v1::Task(), Settings(), task);
  return task;
}

class TaskTest : public ::testing::Test {
 protected:
  // It comes into being.
  void Create(absl::string_view text) { Create(NewTask(text)); }
  void Create(v1::Task task) { Happen(CreatedEvent<v1::TaskEvent>(kTask, std::move(task))); }

  void Happen(const google::protobuf::Message& event) {
    state_ =
        Evolve(std::move(state_),
               Recorded<v1::TaskEvent>{static_cast<const v1::TaskEvent&>(event),
                                       Revision(++revision_), spec_.occurred, spec_.now, false});
  }
  template <class Command>
  Decision Try(Command command) {
    command.set_name(kTask);
    const CommandContext context = Context();
    if constexpr (requires { Decide(state_, command, blockers_, context); }) {
      return Decide(state_, command, blockers_, context);
    } else if constexpr (requires { Decide(state_, command, groups_, context); }) {
      return Decide(state_, command, groups_, context);
    } else if constexpr (requires { Decide(state_, command, queue_, context); }) {
      return Decide(state_, command, queue_, context);
    } else {
      return Decide(state_, command, context);
    }
  }
  template <class Command>
  Decision Try(absl::string_view text = "") {
    return Try(Proto<Command>(text));
  }
  // Decides, and lets happen what was decided of the task.
  template <class Command>
  void Do(absl::string_view text = "") {
    decided_ = Try<Command>(text);
    ASSERT_TRUE(decided_.ok()) << decided_.status();
    for (const Change& change : decided_->list()) {
      if (change.stream == kTask) Happen(*change.event);
    }
  }
  // What completing it makes.
  std::optional<v1::Task> Next(absl::string_view now) {
    spec_.occurred = FromTimestamp(Time(now));
    Do<v1::CompleteTaskRequest>();
    if (!decided_.ok() || decided_->list().size() < 2) return std::nullopt;
    EXPECT_EQ(decided_->list().size(), 2u);
    const auto& event = static_cast<const v1::TaskEvent&>(*decided_->list()[1].event);
    EXPECT_EQ(decided_->list()[1].stream, task().next_task());
    return event.task_created().task();
  }

  CommandContext Context() {
    CommandContext context = spec_.context();
    context.user = user_;
    context.actor = actor_;
    return context;
  }
  const v1::Task& task() const { return state_.resource; }

  DeciderSpec spec_;
  TaskState state_;
  uint64_t revision_ = 0;
  Decision decided_ = NoChange();
  Blockers blockers_;
  std::string user_ = "users/ada";
  std::string actor_ = "apiKeys/spec";
  std::vector<std::string> groups_ = {"teams/north", "teams/sales", "users/ada"};
  LinkedRecord queue_{Lifecycle::kActive};  // the team's, that it goes back to
};

TEST_F(TaskTest, GoesFromOpenToDoneAndBack) {
  Create("");
  EXPECT_EQ(task().state(), v1::OPEN);
  EXPECT_EQ(task().kind(), v1::TO_DO);
  EXPECT_EQ(task().priority(), v1::NORMAL);
  Do<v1::StartTaskRequest>();
  EXPECT_EQ(task().state(), v1::IN_PROGRESS);
  EXPECT_TRUE(task().has_begin_time());
  EXPECT_THAT(Try<v1::StartTaskRequest>(), ChangesNothing());
  EXPECT_THAT(Try<v1::ReopenTaskRequest>(), IsRejectedWith(v1::TASKS_ERROR_TASK_OPEN));
  Do<v1::CompleteTaskRequest>();
  EXPECT_EQ(task().state(), v1::DONE);
  EXPECT_EQ(FromTimestamp(task().close_time()), spec_.occurred);
  EXPECT_THAT(Try<v1::CompleteTaskRequest>(), ChangesNothing());
  EXPECT_THAT(Try<v1::StartTaskRequest>(), IsRejectedWith(v1::TASKS_ERROR_TASK_CLOSED));
  EXPECT_THAT(Try<v1::CancelTaskRequest>(), IsRejectedWith(v1::TASKS_ERROR_TASK_CLOSED));
  EXPECT_THAT(Try<v1::RescheduleTaskRequest>(), IsRejectedWith(v1::TASKS_ERROR_TASK_CLOSED));
  EXPECT_THAT(Try<v1::TakeTaskRequest>(), IsRejectedWith(v1::TASKS_ERROR_TASK_CLOSED));
  EXPECT_THAT(Try<v1::HandBackTaskRequest>(), IsRejectedWith(v1::TASKS_ERROR_TASK_CLOSED));
  Do<v1::ReopenTaskRequest>();
  EXPECT_EQ(task().state(), v1::OPEN);
  EXPECT_FALSE(task().has_close_time());
  EXPECT_FALSE(task().has_begin_time());
}

TEST_F(TaskTest, IsCancelledWithAReason) {
  Create("");
  Do<v1::CancelTaskRequest>("reason: 'moved away'");
  EXPECT_EQ(task().state(), v1::CANCELLED);
  EXPECT_EQ(task().cancel_reason(), "moved away");
  EXPECT_THAT(Try<v1::CancelTaskRequest>("reason: 'moved away'"), ChangesNothing());
  EXPECT_THAT(Try<v1::CancelTaskRequest>(), IsRejectedWith(v1::TASKS_ERROR_TASK_CLOSED));
  EXPECT_THAT(Try<v1::CompleteTaskRequest>(), IsRejectedWith(v1::TASKS_ERROR_TASK_CLOSED));
  Do<v1::ReopenTaskRequest>();
  EXPECT_EQ(task().cancel_reason(), "");
}

TEST_F(TaskTest, IsDecidedOnAsItWasLastSeen) {
  EXPECT_THAT(Try<v1::StartTaskRequest>(), IsRejectedWith(v1::TASKS_ERROR_TASK_NOT_FOUND));
  Create("");
  EXPECT_THAT(Try<v1::StartTaskRequest>("etag: '7'"),
              IsRejectedWith(type::v1::ERROR_ETAG_MISMATCH));
  EXPECT_TRUE(Try<v1::StartTaskRequest>("etag: '1'").ok());
  Happen(DeletedEvent<v1::TaskEvent>(task()));
  EXPECT_THAT(Try<v1::StartTaskRequest>(), IsRejectedWith(v1::TASKS_ERROR_TASK_NOT_FOUND));
}

TEST_F(TaskTest, WaitsForWhatBlocksIt) {
  Create("");
  blockers_.names = {"tasks/2"};
  EXPECT_THAT(Try<v1::StartTaskRequest>(), IsRejectedWith(v1::TASKS_ERROR_TASK_BLOCKED));
  EXPECT_THAT(Try<v1::CompleteTaskRequest>(), IsRejectedWith(v1::TASKS_ERROR_TASK_BLOCKED));
  EXPECT_TRUE(Try<v1::CancelTaskRequest>().ok());
  blockers_ = {.are_some_hidden = true};
  EXPECT_THAT(Try<v1::StartTaskRequest>(), IsRejectedWith(v1::TASKS_ERROR_TASK_BLOCKED));
  blockers_ = {};
  EXPECT_TRUE(Try<v1::CompleteTaskRequest>().ok());
}

TEST_F(TaskTest, IsTakenFromAQueueAndHandedBack) {
  Create("owner: 'teams/sales'");
  user_ = "";
  EXPECT_THAT(Try<v1::TakeTaskRequest>(), IsRejectedWith(v1::TASKS_ERROR_NOT_IN_TEAM));
  user_ = "users/ada";
  groups_ = {"teams/south"};
  EXPECT_THAT(Try<v1::TakeTaskRequest>(), IsRejectedWith(v1::TASKS_ERROR_NOT_IN_TEAM));
  groups_ = {"teams/north", "teams/sales", "users/ada"};
  EXPECT_THAT(Try<v1::HandBackTaskRequest>(), ChangesNothing());
  Do<v1::TakeTaskRequest>();
  EXPECT_EQ(task().owner(), "users/ada");
  EXPECT_EQ(task().queue(), "teams/sales");
  EXPECT_THAT(Try<v1::TakeTaskRequest>(), ChangesNothing());
  user_ = "users/bea";
  EXPECT_THAT(Try<v1::TakeTaskRequest>(), IsRejectedWith(v1::TASKS_ERROR_NOT_IN_QUEUE));
  Do<v1::StartTaskRequest>();
  queue_.lifecycle = Lifecycle::kDeleted;
  EXPECT_THAT(Try<v1::HandBackTaskRequest>(),
              IsRejectedWith(v1::TASKS_ERROR_LINKED_RECORD_NOT_FOUND));
  queue_.lifecycle = Lifecycle::kActive;
  Do<v1::HandBackTaskRequest>();
  EXPECT_EQ(task().owner(), "teams/sales");
  EXPECT_EQ(task().queue(), "");
  EXPECT_EQ(task().state(), v1::OPEN);
}

TEST_F(TaskTest, IsInNoQueueWhereItIsGivenToSomebody) {
  Create("owner: 'users/bea'");
  EXPECT_THAT(Try<v1::HandBackTaskRequest>(), IsRejectedWith(v1::TASKS_ERROR_NOT_TAKEN));
  v1::Task taken = NewTask("owner: 'users/bea'");
  taken.set_queue("teams/sales");
  v1::Task given = taken;
  given.set_owner("users/cleo");
  CompleteFields(taken, Settings(), given);
  EXPECT_EQ(given.queue(), "");
  given = taken;
  given.set_description("More");
  CompleteFields(taken, Settings(), given);
  EXPECT_EQ(given.queue(), "teams/sales");
}

TEST_F(TaskTest, IsDueWhenItsDayEnds) {
  Settings settings;
  settings.time_zone = "America/Sao_Paulo";
  auto task = Proto<v1::Task>("due_date { year: 2018 month: 11 day: 3 }");
  CompleteFields(v1::Task(), settings, task);
  EXPECT_EQ(task.time_zone(), "America/Sao_Paulo");
  EXPECT_EQ(Shown(task.due_time()), "2018-11-04T03:00Z") << "midnight is skipped that day";
  task = Proto<v1::Task>("due_date { year: 2026 month: 3 day: 29 } time_zone: 'Europe/Berlin'");
  CompleteFields(v1::Task(), settings, task);
  EXPECT_EQ(Shown(task.due_time()), "2026-03-29T22:00Z");
}

TEST_F(TaskTest, IsRefusedWithTimesThatContradictEachOther) {
  const auto fields = [](absl::string_view text) {
    std::string told;
    const auto wire = WireError(CheckFields(NewTask(text)));
    google::rpc::BadRequest request;
    if (!wire.has_value()) return told;
    for (const auto& detail : wire->details()) detail.UnpackTo(&request);
    for (const auto& violation : request.field_violations()) {
      absl::StrAppend(&told, violation.field(), " ");
    }
    return told;
  };
  EXPECT_EQ(fields("start_time { seconds: 10 } due_time { seconds: 10 }"), "");
  EXPECT_EQ(fields("start_time { seconds: 11 } due_time { seconds: 10 }"), "task.due_time ");
  EXPECT_EQ(fields("start_time { seconds: 90000 } due_date { year: 1970 month: 1 day: 1 }"),
            "task.due_date ");
  EXPECT_EQ(fields("recurrence: 'FREQ=DAILY'"), "task.due_time ");
  EXPECT_EQ(fields("reminders { seconds: 60 }"), "task.due_time ");
  EXPECT_EQ(fields("due_date { year: 9999 month: 12 day: 31 }"), "task.due_date ");
  EXPECT_EQ(fields("due_time { seconds: 1 } due_date { year: 1970 month: 1 day: 2 }"),
            "task.due_time ");
  EXPECT_EQ(fields("due_time { seconds: 172800 } due_date { year: 1970 month: 1 day: 2 }"), "")
      << "when the day ends: it says the same";
  EXPECT_EQ(fields("due_time { seconds: 10 } reminders { seconds: -1 } "
                   "reminders { seconds: 60 } reminders { seconds: 60 }"),
            "task.reminders[0] task.reminders[2] ");
  EXPECT_EQ(fields("blocked_by: ['tasks/2', 'tasks/2'] contacts: ['contacts/1', 'contacts/1']"),
            "task.contacts[1] task.blocked_by[1] ");
}

TEST_F(TaskTest, IsRescheduledAsAWhole) {
  Create("start_time { seconds: 100 } due_time { seconds: 1000 }");
  EXPECT_THAT(
      Try<v1::RescheduleTaskRequest>("start_time { seconds: 100 } due_time { seconds: 1000 }"),
      ChangesNothing());
  EXPECT_THAT(
      Try<v1::RescheduleTaskRequest>("start_time { seconds: 2000 } due_time { seconds: 1000 }"),
      IsRejectedWith(type::v1::ERROR_INVALID_FIELD));
  EXPECT_THAT(Try<v1::RescheduleTaskRequest>(
                  "due_time { seconds: 1 } due_date { year: 1970 month: 1 day: 2 }"),
              IsRejectedWith(type::v1::ERROR_INVALID_FIELD));
  Do<v1::RescheduleTaskRequest>(
      "due_date { year: 2026 month: 3 day: 29 } "
      "time_zone: 'Europe/Berlin'");
  EXPECT_FALSE(task().has_start_time());
  EXPECT_EQ(Shown(task().due_time()), "2026-03-29T22:00Z");
  EXPECT_EQ(task().time_zone(), "Europe/Berlin");
  Do<v1::RescheduleTaskRequest>();
  EXPECT_FALSE(task().has_due_time());
  EXPECT_FALSE(task().has_due_date());
}

TEST_F(TaskTest, RecursAtTheSameTimeOfDay) {
  Create(
      "owner: 'users/ada' recurrence: 'FREQ=WEEKLY;BYDAY=TU' time_zone: 'America/New_York' "
      "start_time { seconds: 1772542800 } due_time { seconds: 1772546400 } "  // 13:00Z, 14:00Z
      "checklist { text: 'Agenda' done: true } company: 'companies/1' "
      "reminders { seconds: 600 } custom { key: 'tier' value { text: 'gold' } } "
      "custom { key: 'number' value { text: '7' unique: true } }");
  ASSERT_EQ(Shown(task().due_time()), "2026-03-03T14:00Z");
  const auto next = Next("2026-03-03T15:00:00Z");
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(task().next_task(), absl::StrCat("tasks/", SpecId(1)));
  EXPECT_EQ(Shown(next->due_time()), "2026-03-10T13:00Z") << "09:00, and the clocks are ahead";
  EXPECT_EQ(Shown(next->start_time()), "2026-03-10T12:00Z");
  EXPECT_EQ(next->recurrence_of(), kTask);
  EXPECT_EQ(next->recurrence(), "FREQ=WEEKLY;BYDAY=TU");
  EXPECT_EQ(next->display_name(), "Call Ada");
  EXPECT_EQ(next->company(), "companies/1");
  EXPECT_EQ(next->owner(), "users/ada");
  EXPECT_EQ(next->reminders_size(), 1);
  ASSERT_EQ(next->checklist_size(), 1);
  EXPECT_FALSE(next->checklist(0).done());
  EXPECT_EQ(next->custom().size(), 1u) << "what is unique is the first one's";
  // Once only, though it is opened again.
  Do<v1::ReopenTaskRequest>();
  EXPECT_FALSE(Next("2026-03-03T16:00:00Z").has_value());
}

TEST_F(TaskTest, RecursAfterWhatWasMissed) {
  Create("recurrence: 'FREQ=DAILY' due_time { seconds: 1772546400 }");  // 2026-03-03T14:00Z
  const auto next = Next("2026-03-07T20:00:00Z");
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(Shown(next->due_time()), "2026-03-08T14:00Z");
}

TEST_F(TaskTest, RecursOnDays) {
  Create(
      "recurrence: 'FREQ=DAILY' due_date { year: 2026 month: 3 day: 28 } "
      "time_zone: 'Europe/Berlin'");
  const auto next = Next("2026-03-30T10:00:00Z");
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->due_date().day(), 30) << "today has not ended";
  EXPECT_EQ(Shown(next->due_time()), "2026-03-30T22:00Z");
  EXPECT_EQ(Shown(next->series_time()), "2026-03-28T23:00Z");
}

TEST_F(TaskTest, RecursAsOftenAsItsRuleSays) {
  Create("recurrence: 'FREQ=DAILY;COUNT=3' due_time { seconds: 1772546400 }");
  const auto second = Next("2026-03-03T14:00:00Z");
  ASSERT_TRUE(second.has_value());
  state_ = TaskState();
  Create(*second);
  const auto third = Next("2026-03-04T14:00:00Z");
  ASSERT_TRUE(third.has_value());
  EXPECT_EQ(Shown(third->due_time()), "2026-03-05T14:00Z");
  state_ = TaskState();
  Create(*third);
  EXPECT_FALSE(Next("2026-03-05T14:00:00Z").has_value());
}

// RE-7: exceptions count. And RE-9: what follows one is at the same time of day, though the clocks
// were put forward in between.
TEST_F(TaskTest, RecursOnNoneOfItsExceptions) {
  Create(
      "recurrence: 'FREQ=WEEKLY;COUNT=4' time_zone: 'America/New_York' "
      "due_time { seconds: 1772546400 } "  // Tuesday, 2026-03-03T14:00Z
      "exception_dates { year: 2026 month: 3 day: 10 }");
  const auto second = Next("2026-03-03T14:00:00Z");
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(Shown(second->due_time()), "2026-03-17T13:00Z") << "09:00, as on the 3rd";
  EXPECT_EQ(second->exception_dates_size(), 1);
  state_ = TaskState();
  Create(*second);
  const auto third = Next("2026-03-17T13:00:00Z");
  ASSERT_TRUE(third.has_value());
  EXPECT_EQ(Shown(third->due_time()), "2026-03-24T13:00Z");
  state_ = TaskState();
  Create(*third);
  EXPECT_FALSE(Next("2026-03-24T13:00:00Z").has_value()) << "four, of which one is none";
}

TEST_F(TaskTest, RecursOnDaysThatAreNoExceptions) {
  Create(
      "recurrence: 'FREQ=DAILY' due_date { year: 2026 month: 3 day: 28 } "
      "time_zone: 'Europe/Berlin' exception_dates { year: 2026 month: 3 day: 29 } "
      "exception_dates { year: 2026 month: 3 day: 30 }");
  const auto next = Next("2026-03-28T10:00:00Z");
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->due_date().day(), 31);
}

TEST_F(TaskTest, IsRefusedWithExceptionsFromNothing) {
  constexpr char kException[] = "exception_dates { year: 2026 month: 3 day: 10 } ";
  const auto refused = [](const std::string& text) {
    return CheckFields(NewTask(absl::StrCat("due_time { seconds: 1772546400 } ", text)));
  };
  EXPECT_THAT(std::string(refused(kException).message()),
              ::testing::HasSubstr("task.exception_dates must be empty"));
  EXPECT_THAT(
      std::string(
          refused(absl::StrCat("recurrence: 'FREQ=DAILY' ", kException, kException)).message()),
      ::testing::HasSubstr("task.exception_dates[1] stands there already"));
  EXPECT_TRUE(refused(absl::StrCat("recurrence: 'FREQ=DAILY' ", kException)).ok());
}

TEST_F(TaskTest, EndsASeriesWithItsExceptions) {
  constexpr char kException[] = "exception_dates { year: 2026 month: 3 day: 10 } ";
  const v1::Task before = NewTask(
      absl::StrCat("due_time { seconds: 1772546400 } recurrence: 'FREQ=DAILY' ", kException));
  v1::Task after = before;
  after.set_recurrence("FREQ=WEEKLY");
  CompleteFields(before, Settings(), after);
  EXPECT_EQ(after.exception_dates_size(), 1);
  after.clear_recurrence();
  CompleteFields(before, Settings(), after);
  EXPECT_EQ(after.exception_dates_size(), 0);
  EXPECT_TRUE(CheckFields(after).ok());
}

TEST_F(TaskTest, RecursInItsSeriesThoughItWasRescheduled) {
  Create("recurrence: 'FREQ=WEEKLY' due_time { seconds: 1772546400 }");  // a Tuesday
  // On Monday instead: the next one is a week after the Tuesday, and not on it.
  Do<v1::RescheduleTaskRequest>("due_time { seconds: 1772460000 }");
  EXPECT_THAT(Try<v1::RescheduleTaskRequest>(), IsRejectedWith(type::v1::ERROR_INVALID_FIELD));
  const auto next = Next("2026-03-02T15:00:00Z");
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(Shown(next->due_time()), "2026-03-10T14:00Z");
}

TEST_F(TaskTest, RecursFromAnotherDayWhereItBecomesOneOfDays) {
  Create("recurrence: 'FREQ=WEEKLY' due_time { seconds: 1772546400 }");
  Do<v1::RescheduleTaskRequest>("due_date { year: 2026 month: 3 day: 5 }");
  const auto next = Next("2026-03-05T15:00:00Z");
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->due_date().day(), 12);
}

TEST_F(TaskTest, GoesBackToTheQueueWhereItRecurs) {
  Create("owner: 'teams/sales' recurrence: 'FREQ=DAILY' due_time { seconds: 1772546400 }");
  Do<v1::TakeTaskRequest>();
  const auto next = Next("2026-03-03T14:00:00Z");
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->owner(), "teams/sales");
}

TEST_F(TaskTest, ClaimsWhatTheNextOneNames) {
  Create("parent: 'tasks/9' recurrence: 'FREQ=DAILY' due_time { seconds: 1772546400 }");
  const Decision decision = Try<v1::CompleteTaskRequest>();
  ASSERT_TRUE(decision.ok());
  ASSERT_EQ(decision->list().size(), 2u);
  EXPECT_THAT(decision->list()[1].claims, ::testing::Contains(Claim{"tasks.parent", "tasks/9"}));
}

TEST_F(TaskTest, IsNotMadeAgainWhereItIsCancelled) {
  Create("recurrence: 'FREQ=DAILY' due_time { seconds: 1772546400 }");
  Do<v1::CancelTaskRequest>();
  EXPECT_EQ(decided_->list().size(), 1u);
}

TEST_F(TaskTest, IsRepeatedOnceWhenItIsDue) {
  Create("recurrence: 'FREQ=DAILY' recurs_when_due: true due_time { seconds: 1772546400 }");
  EXPECT_THAT(Try<v1::RepeatTaskRequest>("occurrence_time { seconds: 1772460000 }"),
              ChangesNothing());
  spec_.now = absl::FromUnixSeconds(1772546400);
  Do<v1::RepeatTaskRequest>("occurrence_time { seconds: 1772546400 }");
  ASSERT_EQ(decided_->list().size(), 2u);
  EXPECT_EQ(task().state(), v1::OPEN);
  EXPECT_EQ(task().next_task(), decided_->list()[1].stream);
  const v1::Task next =
      static_cast<const v1::TaskEvent&>(*decided_->list()[1].event).task_created().task();
  EXPECT_TRUE(next.recurs_when_due());
  EXPECT_EQ(next.recurrence_of(), kTask);
  EXPECT_EQ(Shown(next.due_time()), "2026-03-04T14:00Z");
  EXPECT_THAT(Try<v1::RepeatTaskRequest>(), ChangesNothing());
  Do<v1::CompleteTaskRequest>();
  EXPECT_EQ(decided_->list().size(), 1u) << "the next one is there";
}

TEST_F(TaskTest, IsNotRepeatedWhereNoOneFollows) {
  Create("due_time { seconds: 1772546400 }");
  EXPECT_THAT(Try<v1::RepeatTaskRequest>(), IsRejectedWith(v1::TASKS_ERROR_NO_NEXT_TASK));
  Do<v1::CancelTaskRequest>();
  EXPECT_THAT(Try<v1::RepeatTaskRequest>(), IsRejectedWith(v1::TASKS_ERROR_TASK_CLOSED));
}

TEST_F(TaskTest, ItsTimeComesOnlyWhereItStillIs) {
  constexpr char kSoon[] = "due_time { seconds: 1772546400 } before { seconds: 60 }";
  constexpr char kDue[] = "due_time { seconds: 1772546400 }";
  Create("due_time { seconds: 1772546400 } reminders { seconds: 60 } owner: 'users/ada'");
  EXPECT_THAT(Try<v1::RaiseTaskReminderRequest>(kDue),
              IsRejectedWith(v1::TASKS_ERROR_REMINDS_BY_ITSELF));
  actor_ = "policies/task_reminders";
  const Decision soon = Try<v1::RaiseTaskReminderRequest>(kSoon);
  ASSERT_TRUE(soon.ok());
  ASSERT_EQ(soon->list().size(), 1u);
  EXPECT_EQ(soon->list()[0].stream, "tasks/1/reminders");
  const auto& event = static_cast<const v1::TaskReminderEvent&>(*soon->list()[0].event);
  EXPECT_EQ(event.task_reminder_due().task().owner(), "users/ada");
  EXPECT_THAT(
      Try<v1::RaiseTaskReminderRequest>("due_time { seconds: 1772546400 } before { seconds: 61 }"),
      ChangesNothing());
  EXPECT_THAT(Try<v1::RaiseTaskReminderRequest>("due_time { seconds: 1772546401 }"),
              ChangesNothing());
  EXPECT_FALSE(Try<v1::RaiseTaskReminderRequest>(kDue)->empty());
  Do<v1::CompleteTaskRequest>();
  EXPECT_THAT(Try<v1::RaiseTaskReminderRequest>(kSoon), ChangesNothing());
  EXPECT_THAT(Try<v1::RaiseTaskReminderRequest>(kDue), ChangesNothing());
}

TEST_F(TaskTest, BeginsItsSeriesWithItsRule) {
  v1::Task before = NewTask("recurrence: 'FREQ=DAILY' due_time { seconds: 1772546400 }");
  EXPECT_EQ(Shown(before.series_time()), "2026-03-03T14:00Z");
  v1::Task after = before;
  after.clear_recurrence();
  CompleteFields(before, Settings(), after);
  EXPECT_FALSE(after.has_series_time());
  EXPECT_FALSE(after.has_occurrence_time());
}

}  // namespace
}  // namespace kith::tasks
