#include "services/tasks/task.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/util/message_differencer.h"
#include "kith/tasks/v1/tasks_errors.pb.h"
#include "projections/tasks/task_fold.h"
#include "services/core/by_itself.h"
#include "services/core/check_as_seen.h"
#include "services/core/links.h"
#include "services/core/owner_field.h"
#include "services/core/reject.h"
#include "services/core/resource_events.h"
#include "services/tasks/task_fields.h"

namespace kith::tasks {
namespace {

bool IsClosed(const v1::Task& task) {
  return task.state() == v1::DONE || task.state() == v1::CANCELLED;
}

bool IsTeam(absl::string_view name) { return absl::StartsWith(name, "teams/"); }

absl::Status TaskClosed(const v1::Task& task) {
  return RejectState(v1::TASKS_ERROR_TASK_CLOSED,
                     "The task was done or cancelled. Reopen it first.", task.name(),
                     {{"state", v1::TaskState_Name(task.state())}});
}

absl::Status TaskBlocked(const v1::Task& task, const Blockers& blockers) {
  std::string told = absl::StrJoin(blockers.names, ", ");
  if (blockers.are_some_hidden) {
    absl::StrAppend(&told, told.empty() ? "" : ", and ", "some that the credentials do not show");
  }
  return RejectState(v1::TASKS_ERROR_TASK_BLOCKED,
                     absl::StrCat("Other tasks have to be done first: ", told, "."), task.name(),
                     {{"blocked_by", absl::StrJoin(blockers.names, ", ")}});
}

absl::Status NotInQueue(const v1::Task& task) {
  return RejectState(v1::TASKS_ERROR_NOT_IN_QUEUE,
                     "The task is in no team's queue. An update changes whose it is.", task.name(),
                     {{"owner", task.owner()}});
}

absl::Status NotInTeam(const v1::Task& task) {
  return Reject(v1::TASKS_ERROR_NOT_IN_TEAM,
                absl::StrCat("Only who is in ", task.owner(),
                             ", or in a part of it, may take the task from its queue."),
                {{"name", task.name()}, {"team", task.owner()}});
}

absl::Status NotTaken(const v1::Task& task) {
  return RejectState(v1::TASKS_ERROR_NOT_TAKEN,
                     "The task was not taken from a queue, so it goes back to none.", task.name(),
                     {{"owner", task.owner()}});
}

// What a resource claims as it comes into being.
std::vector<Claim> ClaimsOf(const v1::Task& task) {
  const ClaimValues values(Rules().claims, task);
  std::vector<Claim> claims;
  for (size_t rule = 0; rule < Rules().claims.size(); ++rule) {
    for (const std::string& value : values[rule]) {
      claims.push_back({Rules().claims[rule].purpose, value});
    }
  }
  return claims;
}

// What is not set in a message, or in both, is alike.
template <class Message>
bool IsSame(bool has_one, const Message& one, bool has_other, const Message& other) {
  return has_one == has_other &&
         (!has_one || google::protobuf::util::MessageDifferencer::Equals(one, other));
}

bool HaveSameTimes(const v1::Task& a, const v1::Task& b) {
  return a.time_zone() == b.time_zone() &&
         IsSame(a.has_start_time(), a.start_time(), b.has_start_time(), b.start_time()) &&
         IsSame(a.has_due_time(), a.due_time(), b.has_due_time(), b.due_time()) &&
         IsSame(a.has_due_date(), a.due_date(), b.has_due_date(), b.due_date());
}

// The next of its series, put beside `event`, which happens to `task`.
Decision WithNext(const v1::Task& task, v1::Task next, v1::TaskEvent event) {
  const std::string name = next.name();
  std::vector<Claim> claims = ClaimsOf(next);
  return Changes()
      .Append(task.name(), std::move(event))
      .Append(name, CreatedEvent<v1::TaskEvent>(name, std::move(next)), std::move(claims));
}

// What is due after `now`; nullopt where the series ends. Its id is drawn.
std::optional<v1::Task> DrawNext(const v1::Task& task, absl::Time now, IdPool& ids) {
  std::optional<v1::Task> next = NextOf(task, now);
  if (next.has_value()) {
    next->set_name(absl::StrCat(TaskAggregate::kCategory, "/", ids.Next()));
  }
  return next;
}

v1::DueTask DueTaskOf(const v1::Task& task) {
  v1::DueTask due;
  due.set_name(task.name());
  due.set_display_name(task.display_name());
  due.set_owner(task.owner());
  *due.mutable_due_time() = task.due_time();
  if (task.has_due_date()) *due.mutable_due_date() = task.due_date();
  due.set_time_zone(task.time_zone());
  return due;
}

// Whether the task still has the time that was waited for.
bool IsStillDue(const TaskState& state, const v1::RaiseTaskReminderRequest& command) {
  const v1::Task& task = state.resource;
  if (state.lifecycle != Lifecycle::kActive || IsClosed(task) || !task.has_due_time() ||
      FromTimestamp(task.due_time()) != FromTimestamp(command.due_time())) {
    return false;
  }
  return !command.has_before() ||
         std::any_of(task.reminders().begin(), task.reminders().end(),
                     [&](const google::protobuf::Duration& before) {
                       return FromDuration(before) == FromDuration(command.before());
                     });
}

// The task with the times that the command says.
v1::Task Rescheduled(const v1::Task& task, const v1::RescheduleTaskRequest& command) {
  v1::Task after = task;
  after.clear_start_time();
  after.clear_due_time();
  after.clear_due_date();
  if (command.has_start_time()) *after.mutable_start_time() = command.start_time();
  if (command.has_due_time()) *after.mutable_due_time() = command.due_time();
  if (command.has_due_date()) *after.mutable_due_date() = command.due_date();
  if (!command.time_zone().empty()) after.set_time_zone(command.time_zone());
  SetDueTime(after);
  return after;
}

}  // namespace

std::string RemindersOf(absl::string_view task) {
  return absl::StrCat(task, "/", kReminderCategory);
}

const ResourceRules& Rules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<TaskAggregate>()
                             .NotFound(v1::TASKS_ERROR_TASK_NOT_FOUND)
                             .LinkNotFound(v1::TASKS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .OwnedByCreator()
                             .Complete(CompleteFields)
                             .Check(CheckFields)
                             .FoldedBy<FoldTask>()
                             .Build());
  return rules;
}

Decision Decide(const TaskState& state, const v1::StartTaskRequest& command,
                const Blockers& blockers, const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(Rules(), state, command));
  const v1::Task& task = state.resource;
  if (task.state() == v1::IN_PROGRESS) return NoChange();
  if (IsClosed(task)) return TaskClosed(task);
  if (!blockers.empty()) return TaskBlocked(task, blockers);
  v1::TaskEvent event;
  event.mutable_task_started()->set_name(task.name());
  return Changes().Append(task.name(), std::move(event));
}

Decision Decide(const TaskState& state, const v1::CompleteTaskRequest& command,
                const Blockers& blockers, const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(Rules(), state, command));
  const v1::Task& task = state.resource;
  if (task.state() == v1::DONE) return NoChange();
  if (IsClosed(task)) return TaskClosed(task);
  if (!blockers.empty()) return TaskBlocked(task, blockers);
  v1::TaskEvent event;
  v1::TaskCompleted& completed = *event.mutable_task_completed();
  completed.set_name(task.name());
  // Where it was reopened since, or was due, the next one may be there already.
  std::optional<v1::Task> next;
  if (task.next_task().empty()) next = DrawNext(task, context.occurred, context.ids);
  if (!next.has_value()) return Changes().Append(task.name(), std::move(event));
  completed.set_next_task(next->name());
  return WithNext(task, *std::move(next), std::move(event));
}

Decision Decide(const TaskState& state, const v1::RepeatTaskRequest& command,
                const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(Rules(), state, command));
  const v1::Task& task = state.resource;
  const bool waits_for_it = command.has_occurrence_time();
  if (waits_for_it &&
      (!task.has_occurrence_time() ||
       FromTimestamp(task.occurrence_time()) != FromTimestamp(command.occurrence_time()))) {
    return NoChange();
  }
  if (!task.next_task().empty()) return NoChange();
  if (IsClosed(task)) return TaskClosed(task);
  std::optional<v1::Task> next = DrawNext(task, context.now, context.ids);
  if (!next.has_value()) {
    if (waits_for_it) return NoChange();  // the series has come to its end
    return RejectState(v1::TASKS_ERROR_NO_NEXT_TASK,
                       "The task does not recur, or its series has come to its end.", task.name(),
                       {{"recurrence", task.recurrence()}});
  }
  v1::TaskEvent event;
  event.mutable_task_repeated()->set_name(task.name());
  event.mutable_task_repeated()->set_next_task(next->name());
  return WithNext(task, *std::move(next), std::move(event));
}

Decision Decide(const TaskState& state, const v1::RaiseTaskReminderRequest& command,
                const CommandContext& context) {
  if (!IsDoneByPolicy(context, "task_reminders")) {
    return Reject(v1::TASKS_ERROR_REMINDS_BY_ITSELF,
                  "Kith says by itself that a task's time has come. Give it reminders, and wait.");
  }
  if (state.lifecycle == Lifecycle::kAbsent) return ResourceNotFound(Rules(), command.name());
  if (!IsStillDue(state, command)) return NoChange();
  v1::TaskReminderEvent event;
  if (command.has_before()) {
    v1::TaskReminderDue& due = *event.mutable_task_reminder_due();
    *due.mutable_task() = DueTaskOf(state.resource);
    *due.mutable_before() = command.before();
    *due.mutable_remind_time() = command.remind_time();
  } else {
    *event.mutable_task_overdue()->mutable_task() = DueTaskOf(state.resource);
  }
  return Changes().Append(RemindersOf(command.name()), std::move(event));
}

Decision Decide(const TaskState& state, const v1::ReopenTaskRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(Rules(), state, command));
  const v1::Task& task = state.resource;
  if (!IsClosed(task)) {
    return RejectState(v1::TASKS_ERROR_TASK_OPEN,
                       "The task is neither done nor cancelled: there is nothing to reopen.",
                       task.name(), {{"state", v1::TaskState_Name(task.state())}});
  }
  v1::TaskEvent event;
  event.mutable_task_reopened()->set_name(task.name());
  return Changes().Append(task.name(), std::move(event));
}

Decision Decide(const TaskState& state, const v1::CancelTaskRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(Rules(), state, command));
  const v1::Task& task = state.resource;
  if (task.state() == v1::CANCELLED && task.cancel_reason() == command.reason()) return NoChange();
  if (IsClosed(task)) return TaskClosed(task);
  v1::TaskEvent event;
  v1::TaskCancelled& cancelled = *event.mutable_task_cancelled();
  cancelled.set_name(task.name());
  cancelled.set_reason(command.reason());
  return Changes().Append(task.name(), std::move(event));
}

Decision Decide(const TaskState& state, const v1::RescheduleTaskRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(Rules(), state, command));
  const v1::Task& task = state.resource;
  if (IsClosed(task)) return TaskClosed(task);
  if (command.has_due_time() && command.has_due_date()) {
    return RejectField("due_date", "must not be said beside due_time");
  }
  const v1::Task after = Rescheduled(task, command);
  google::rpc::BadRequest violations;
  CheckTimes(after, "", violations);
  KITH_RETURN_IF_ERROR(RejectFields(violations));
  if (HaveSameTimes(task, after)) return NoChange();
  v1::TaskEvent event;
  v1::TaskRescheduled& rescheduled = *event.mutable_task_rescheduled();
  rescheduled.set_name(task.name());
  if (after.has_start_time()) *rescheduled.mutable_start_time() = after.start_time();
  if (after.has_due_time()) *rescheduled.mutable_due_time() = after.due_time();
  if (after.has_due_date()) *rescheduled.mutable_due_date() = after.due_date();
  rescheduled.set_time_zone(after.time_zone());
  return Changes().Append(task.name(), std::move(event));
}

Decision Decide(const TaskState& state, const v1::TakeTaskRequest& command,
                absl::Span<const std::string> groups, const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(Rules(), state, command));
  const v1::Task& task = state.resource;
  if (IsClosed(task)) return TaskClosed(task);
  if (!context.user.empty() && task.owner() == context.user) return NoChange();
  if (!IsTeam(task.owner())) return NotInQueue(task);
  const bool is_in_team = std::find(groups.begin(), groups.end(), task.owner()) != groups.end();
  if (context.user.empty() || !is_in_team) return NotInTeam(task);
  v1::TaskEvent event;
  v1::TaskTaken& taken = *event.mutable_task_taken();
  taken.set_name(task.name());
  taken.set_user(std::string(context.user));
  taken.set_queue(task.owner());
  return Changes().Append(task.name(), std::move(event),
                          {{OwnerPurpose(TaskAggregate::kCategory), std::string(context.user)}});
}

Decision Decide(const TaskState& state, const v1::HandBackTaskRequest& command,
                const LinkedRecord& queue, const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(Rules(), state, command));
  const v1::Task& task = state.resource;
  if (IsClosed(task)) return TaskClosed(task);
  if (IsTeam(task.owner())) return NoChange();
  if (task.queue().empty()) return NotTaken(task);
  const Links links = {{"queue", task.queue()}};
  const LinkedRecord* const teams[] = {&queue};
  KITH_RETURN_IF_ERROR(CheckLinks(v1::TASKS_ERROR_LINKED_RECORD_NOT_FOUND, links, teams));
  v1::TaskEvent event;
  v1::TaskHandedBack& handed_back = *event.mutable_task_handed_back();
  handed_back.set_name(task.name());
  handed_back.set_user(task.owner());
  handed_back.set_queue(task.queue());
  return Changes().Append(task.name(), std::move(event));
}

TaskState Evolve(TaskState state, const Recorded<v1::TaskEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource, FoldTask);
  return state;
}

}  // namespace kith::tasks
