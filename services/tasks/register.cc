// Everything that tasks bring to a server.
#include <memory>
#include <string>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "kith/tasks/v1/tasks_service.pb.h"
#include "kith/teams/v1/team_events.pb.h"
#include "kith/users/v1/user_events.pb.h"
#include "projections/tasks/task_directory.h"
#include "projections/tasks/task_reminders.h"
#include "services/core/linked_record.h"
#include "services/runtime/server_builder.h"
#include "services/tasks/agenda.h"
#include "services/tasks/task.h"

namespace kith::tasks {
namespace {

using runtime::ReadContext;
using runtime::ReadKind;

// Whoever may see them: those that are hidden block all the same.
absl::StatusOr<Blockers> LoadBlockers(runtime::Loader& load, const v1::Task& task) {
  Blockers blockers;
  for (const std::string& name : task.blocked_by()) {
    KITH_ASSIGN_OR_RETURN(const void* const loaded,
                          load.LoadAny(kAggregateType<TaskAggregate>, name));
    const auto& state = *static_cast<const TaskState*>(loaded);
    const v1::Task& other = state.resource;
    const bool is_to_do = other.state() == v1::OPEN || other.state() == v1::IN_PROGRESS;
    if (state.lifecycle != Lifecycle::kActive || !is_to_do) continue;
    if (load.Hides(TaskAggregate::kCategory, loaded)) {
      blockers.are_some_hidden = true;
    } else {
      blockers.names.push_back(name);
    }
  }
  return blockers;
}

// As the commands on tasks know users: from their standard events.
struct UserAggregate : ResourceAggregate<users::v1::User, users::v1::UserEvent> {
  static constexpr absl::string_view kCategory = "users";
};

struct LinkedTeam : LinkedAggregate<teams::v1::Team, teams::v1::TeamEvent> {
  static constexpr absl::string_view kCategory = "teams";
};

struct TaskCommands {
  Decision Run(runtime::Loader& load, const v1::StartTaskRequest& command,
               const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const TaskState* task, load.Load<TaskAggregate>(command.name()));
    KITH_ASSIGN_OR_RETURN(const Blockers blockers, LoadBlockers(load, task->resource));
    return Decide(*task, command, blockers, context);
  }
  Decision Run(runtime::Loader& load, const v1::CompleteTaskRequest& command,
               const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const TaskState* task, load.Load<TaskAggregate>(command.name()));
    KITH_ASSIGN_OR_RETURN(const Blockers blockers, LoadBlockers(load, task->resource));
    return WithNext(load, command.name(), Decide(*task, command, blockers, context));
  }
  Decision Run(runtime::Loader& load, const v1::RepeatTaskRequest& command,
               const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const TaskState* task, load.Load<TaskAggregate>(command.name()));
    return WithNext(load, command.name(), Decide(*task, command, context));
  }
  Decision Run(runtime::Loader& load, const v1::TakeTaskRequest& command,
               const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const TaskState* task, load.Load<TaskAggregate>(command.name()));
    const runtime::Member* const member = load.caller().member.get();
    if (member == nullptr) return Decide(*task, command, {}, context);
    // Whose call came before they were deactivated is in no team any more.
    KITH_ASSIGN_OR_RETURN(const void* const loaded,
                          load.LoadAny(kAggregateType<UserAggregate>, member->user));
    const auto& user = *static_cast<const UserAggregate::State*>(loaded);
    const bool is_there =
        user.lifecycle == Lifecycle::kActive && user.resource.state() != users::v1::INACTIVE;
    return Decide(*task, command, is_there ? member->groups : std::vector<std::string>(), context);
  }
  Decision Run(runtime::Loader& load, const v1::HandBackTaskRequest& command,
               const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const TaskState* task, load.Load<TaskAggregate>(command.name()));
    const std::string& queue = task->resource.queue();
    if (queue.empty()) return Decide(*task, command, {}, context);
    // Whoever may see the task knows the team by it.
    KITH_ASSIGN_OR_RETURN(const void* const team, load.LoadAny(kAggregateType<LinkedTeam>, queue));
    return Decide(*task, command, *static_cast<const LinkedTeam::State*>(team), context);
  }
  template <class Command>
  Decision Run(runtime::Loader& load, const Command& command, const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const TaskState* task, load.Load<TaskAggregate>(command.name()));
    return Decide(*task, command, context);
  }

  // Of a decision that may make another task, whose id was drawn.
  static Decision WithNext(runtime::Loader& load, const std::string& name, Decision decision) {
    if (!decision.ok()) return decision;
    for (const Change& change : decision->list()) {
      if (change.stream != name) load.ExpectAbsent(change.stream);
    }
    return decision;
  }

  template <class Command>
  absl::Status Render(runtime::Rendering& after, const Command& command, v1::Task* response) const {
    KITH_ASSIGN_OR_RETURN(const TaskState* task, after.Load<TaskAggregate>(command.name()));
    WriteReply(Rules(), task->resource, response);
    return absl::OkStatus();
  }
};

void BindMethods(runtime::Runtime&, runtime::MethodTable& methods) {
  methods.Command<v1::StartTaskRequest, v1::Task>(TaskCommands());
  methods.Command<v1::CompleteTaskRequest, v1::Task>(TaskCommands());
  methods.Command<v1::ReopenTaskRequest, v1::Task>(TaskCommands());
  methods.Command<v1::CancelTaskRequest, v1::Task>(TaskCommands());
  methods.Command<v1::RescheduleTaskRequest, v1::Task>(TaskCommands());
  methods.Command<v1::TakeTaskRequest, v1::Task>(TaskCommands());
  methods.Command<v1::HandBackTaskRequest, v1::Task>(TaskCommands());
  methods.Command<v1::RepeatTaskRequest, v1::Task>(TaskCommands());
  methods.Command<v1::RaiseTaskReminderRequest, v1::Task>(TaskCommands());
  methods.Read(
      runtime::MethodOf<v1::QueryAgendaRequest>(), {TaskDirectory::kName, "user_directory"},
      ReadKind::kScan,
      [&methods](const ReadContext& context, const google::protobuf::Message& request,
                 google::protobuf::Message* response) {
        return QueryAgenda(methods, context, static_cast<const v1::QueryAgendaRequest&>(request),
                           static_cast<v1::Agenda*>(response));
      },
      [&methods](const google::protobuf::Message&) { return ViewsOfAgenda(methods); });
}

}  // namespace

void Register(runtime::ServerBuilder& server) {
  server.AddResource<TaskAggregate, v1::GetTaskRequest>(Rules(), std::make_unique<TaskDirectory>());
  server.RegisterEvents<v1::TaskReminderEvent>(kReminderCategory);
  server.AddPolicy(std::make_unique<TaskReminders>());
  server.Serve(BindMethods);
}

}  // namespace kith::tasks
