// The task: what somebody is to do. Its rules, its fold, and the commands of its own.
//
// Pure: see services/core/decider.h. A decision to begin or complete a task is made over it and the
// tasks that block it; all are conditions of the append.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kith/tasks/v1/task.pb.h"
#include "kith/tasks/v1/task_events.pb.h"
#include "kith/tasks/v1/task_reminder_events.pb.h"
#include "kith/tasks/v1/tasks_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/linked_record.h"
#include "services/core/resource_rules.h"

namespace kith::tasks {

struct TaskState : ResourceState<v1::Task> {};

struct TaskAggregate {
  using Resource = v1::Task;
  using State = TaskState;
  using Event = v1::TaskEvent;
  static constexpr absl::string_view kCategory = "tasks";
};

TaskState Evolve(TaskState state, const Recorded<v1::TaskEvent>& recorded);

// What is said when a task's time comes has no state of its own.
inline constexpr absl::string_view kReminderCategory = "reminders";
// "tasks/01J…/reminders".
std::string RemindersOf(absl::string_view task);

// Those of the standard methods: a task comes into being open.
const ResourceRules& Rules();

// Which of the tasks that block one are still to be done.
struct Blockers {
  std::vector<std::string> names;  // of those that the caller sees
  bool are_some_hidden = false;

  bool empty() const { return names.empty() && !are_some_hidden; }
};

Decision Decide(const TaskState& state, const v1::StartTaskRequest& command,
                const Blockers& blockers, const CommandContext& context);
Decision Decide(const TaskState& state, const v1::CompleteTaskRequest& command,
                const Blockers& blockers, const CommandContext& context);
Decision Decide(const TaskState& state, const v1::ReopenTaskRequest& command,
                const CommandContext& context);
Decision Decide(const TaskState& state, const v1::CancelTaskRequest& command,
                const CommandContext& context);
Decision Decide(const TaskState& state, const v1::RescheduleTaskRequest& command,
                const CommandContext& context);
Decision Decide(const TaskState& state, const v1::RepeatTaskRequest& command,
                const CommandContext& context);
// Beside the task, in the stream that RemindersOf names.
Decision Decide(const TaskState& state, const v1::RaiseTaskReminderRequest& command,
                const CommandContext& context);
// `groups` are who the caller is: the user, their teams, and all that these are parts of; none
// where it is a service.
Decision Decide(const TaskState& state, const v1::TakeTaskRequest& command,
                absl::Span<const std::string> groups, const CommandContext& context);
// `queue` is the team that it goes back to, where there is one.
Decision Decide(const TaskState& state, const v1::HandBackTaskRequest& command,
                const LinkedRecord& queue, const CommandContext& context);

}  // namespace kith::tasks
