#include "services/workflows/fire_commands.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/util/message_differencer.h"
#include "kith/business_calendars/v1/business_calendar.pb.h"
#include "kith/workflows/v1/workflow_runs_service.pb.h"
#include "kith/workflows/v1/workflows_errors.pb.h"
#include "projections/workflows/record_moment.h"
#include "projections/workflows/time_span.h"
#include "services/core/by_itself.h"
#include "services/core/date.h"
#include "services/core/reject.h"
#include "services/core/work_calendar.h"
#include "services/runtime/resources/collections.h"
#include "services/runtime/resources/find_type.h"
#include "services/runtime/resources/not_known_yet.h"

namespace kith::workflows {
namespace {

using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;

// Of what one command finds, and of what it looks at for that.
constexpr size_t kFoundMax = 90;
constexpr int kRowsMax = 1'000;
// Of all that is looked at for one time.
constexpr int kRowsOfAllMax = 100'000;
constexpr int kRecordsDefault = 100;

// By it the run is found that a moment of a record began. Persisted inside the hashes of the log's
// tags.
constexpr char kMomentClaim[] = "workflowRuns.moment";

constexpr absl::string_view kCreateRun = "kith.workflows.v1.WorkflowRunsService/CreateWorkflowRun";

Change Fired(const std::string& workflow, v1::WorkflowFired fired) {
  auto event = std::make_unique<v1::WorkflowEvent>();
  fired.set_name(workflow);
  *event->mutable_workflow_fired() = std::move(fired);
  // Who may set it off may have it say so.
  return {.stream = workflow, .event = std::move(event), .claims = {}, .is_consequence = true};
}

absl::TimeZone ZoneOf(const std::string& name) {
  return TimeZoneOf(name).value_or(absl::UTCTimeZone());
}

// The first moment that is looked for.
absl::Time SinceOf(const v1::FireWorkflowRequest& command, const CommandContext& context) {
  return command.has_since_time() ? FromTimestamp(command.since_time()) : context.now;
}

int RecordsMaxOf(const v1::WorkflowTrigger& trigger) {
  if (!trigger.has_schedule()) return kRowsOfAllMax;
  const int most = trigger.schedule().max_records();
  return most == 0 ? kRecordsDefault : most;
}

}  // namespace

FireCommands::FireCommands(std::vector<runtime::ResourceType> resources,
                           const runtime::MethodTable& methods, const runtime::Runtime& runtime)
    : resources_(std::move(resources)),
      methods_(methods),
      runtime_(runtime),
      rows_(runtime),
      collections_(runtime::CollectionsOf(resources_)) {}

Decision FireCommands::Run(runtime::Loader& load, const v1::FireWorkflowRequest& command,
                           const CommandContext& context) const {
  if (!IsDoneByPolicy(context, "workflow")) {
    return Reject(v1::WORKFLOWS_ERROR_FIRES_BY_ITSELF,
                  "Workflows are set off by their times by themselves. CreateWorkflowRun sets one "
                  "off by hand.");
  }
  // It is set off for somebody who may not see workflows.
  KITH_ASSIGN_OR_RETURN(const void* const loaded,
                        load.LoadAny(kAggregateType<WorkflowAggregate>, command.name()));
  const auto* const state = static_cast<const WorkflowState*>(loaded);
  if (state->lifecycle == Lifecycle::kAbsent) {
    return ResourceNotFound(WorkflowRules(), command.name());
  }
  const v1::Workflow& workflow = state->resource;
  const v1::WorkflowTrigger& trigger = workflow.trigger();
  if (state->lifecycle != Lifecycle::kActive || workflow.state() != v1::ACTIVE) return NoChange();
  if (!command.record().empty()) {
    const bool is_awaited =
        command.has_score_reached()
            ? MessageDifferencer::Equals(command.score_reached(), trigger.score_reached())
            : trigger.has_record_time();
    return is_awaited ? FireOver(load, workflow, command, context) : NoChange();
  }
  if (!trigger.has_record_time() && !trigger.has_schedule()) return NoChange();
  // A time of a trigger that it does not have any more.
  if (command.has_due_time() != trigger.has_schedule()) return NoChange();
  if (!command.reason().empty()) {
    v1::WorkflowFired fired;
    *fired.mutable_due_time() = command.due_time();
    fired.set_reason(command.reason());
    v1::PauseWorkflowRequest pause;
    pause.set_name(workflow.name());
    pause.set_pause_reason(v1::RIGHTS_LOST);
    pause.set_reason(command.reason());
    KITH_ASSIGN_OR_RETURN(Changes paused, Decide(*state, pause, context));
    Changes changes = Changes().Add(Fired(workflow.name(), std::move(fired)));
    for (Change& change : std::move(paused).TakeList()) {
      changes = std::move(changes).Add(std::move(change));
    }
    return changes;
  }
  if (trigger.has_record_time() || !trigger.resource().empty()) {
    return FindRecords(load, workflow, command, context);
  }
  Decision began = Begin(load, workflow, "", context);
  if (!began.ok()) return began;
  v1::WorkflowFired fired;
  *fired.mutable_due_time() = command.due_time();
  return std::move(*began).Add(Fired(workflow.name(), std::move(fired)));
}

Decision FireCommands::Begin(runtime::Loader& load, const v1::Workflow& workflow,
                             const std::string& record, const CommandContext& context) const {
  v1::CreateWorkflowRunRequest request;
  request.mutable_workflow_run()->set_workflow(workflow.name());
  request.mutable_workflow_run()->set_record(record);
  const runtime::BoundMethod* const create = methods_.FindCommand(kCreateRun);
  KITH_CHECK(create != nullptr);
  return create->handler()->Decide(load, request, context);
}

Decision FireCommands::BeginOnce(runtime::Loader& load, const v1::Workflow& workflow,
                                 const v1::FireWorkflowRequest& command,
                                 const CommandContext& context) const {
  const std::string moment = absl::StrCat(workflow.name(), "/", command.record(), "/",
                                          absl::ToUnixMicros(FromTimestamp(command.due_time())));
  KITH_ASSIGN_OR_RETURN(const std::vector<std::string> begun,
                        load.StreamsTagged(kMomentClaim, moment, Position()));
  if (!begun.empty()) return NoChange();
  Decision began = Begin(load, workflow, command.record(), context);
  if (!began.ok()) return began;
  Changes claimed;
  for (Change& change : (*std::move(began)).TakeList()) {
    change.claims.push_back({kMomentClaim, moment});
    claimed = std::move(claimed).Add(std::move(change));
  }
  return claimed;
}

Decision FireCommands::FireOver(runtime::Loader& load, const v1::Workflow& workflow,
                                const v1::FireWorkflowRequest& command,
                                const CommandContext& context) const {
  const runtime::ResourceType* const type =
      runtime::FindType(resources_, eventstore::CategoryOf(command.record()));
  if (type == nullptr) return NoChange();
  KITH_ASSIGN_OR_RETURN(const void* const state,
                        load.LoadState(*type->aggregate, command.record()));
  const ResourceNow now = type->now_of(state);
  if (now.lifecycle != Lifecycle::kActive) return NoChange();
  KITH_ASSIGN_OR_RETURN(const auto record, rows_.WithTimes(load, *type, *now.resource));
  KITH_ASSIGN_OR_RETURN(const WorkCalendar calendar,
                        CalendarOf(load, workflow.trigger(), ZoneOf(command.time_zone())));
  const auto due = DueOf(workflow.trigger(), *record, calendar, context.now);
  if (command.has_score_reached()) {
    if (!load.caller().grants.Contain(kReadScores)) {
      return Reject(v1::WORKFLOWS_ERROR_NOT_PERMITTED,
                    absl::StrCat("The workflow waits for scores, and the credentials do not grant ",
                                 kReadScores, "."),
                    {{"permission", std::string(kReadScores)}});
    }
    KITH_ASSIGN_OR_RETURN(const bool sees, load.Sees(command.record(), kReadScores));
    if (!sees || !due.has_value()) return NoChange();
    return Begin(load, workflow, command.record(), context);
  }
  // It was moved as the timer fired, or the trigger is another one by now.
  if (due != FromTimestamp(command.due_time())) return NoChange();
  return BeginOnce(load, workflow, command, context);
}

std::optional<absl::Time> FireCommands::DueOf(const v1::WorkflowTrigger& trigger,
                                              const Message& record, const WorkCalendar& calendar,
                                              absl::Time now) const {
  std::optional<absl::Time> due = now;
  if (trigger.has_record_time()) due = MomentOf(trigger.record_time(), record, calendar);
  if (!due.has_value() || trigger.condition().empty()) return due;
  const auto collection =
      std::find_if(collections_.begin(), collections_.end(),
                   [&](const Collection& one) { return one.name == trigger.resource(); });
  if (collection == collections_.end()) return std::nullopt;
  // Days that are relative are those of UTC, as everywhere in triggers.
  const auto holds = collection->holds(trigger.condition(), record, *due, absl::UTCTimeZone());
  return holds.ok() && *holds ? due : std::nullopt;
}

absl::StatusOr<WorkCalendar> FireCommands::CalendarOf(runtime::Loader& load,
                                                      const v1::WorkflowTrigger& trigger,
                                                      absl::TimeZone zone) const {
  const std::string& name = trigger.record_time().business_calendar();
  const runtime::ResourceType* const type =
      name.empty() ? nullptr : runtime::FindType(resources_, eventstore::CategoryOf(name));
  if (type == nullptr) return Weekdays(zone);
  // It is a part of the workflow, whoever may see it.
  KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadAny(*type->aggregate, name));
  const ResourceNow now = type->now_of(state);
  if (now.lifecycle == Lifecycle::kAbsent) return Weekdays(zone);
  return WorkCalendarOf(
      static_cast<const business_calendars::v1::BusinessCalendar&>(*now.resource));
}

absl::StatusOr<FireCommands::Listed> FireCommands::List(const runtime::Loader& load,
                                                        const v1::Workflow& workflow,
                                                        const v1::FireWorkflowRequest& command,
                                                        const WorkCalendar& calendar,
                                                        const CommandContext& context) const {
  Listed listed;
  const runtime::ResourceType* const type =
      runtime::FindType(resources_, workflow.trigger().resource());
  if (type == nullptr) return listed;
  const projections::View& view = runtime_.views.Find(type->directory->name());
  KITH_ASSIGN_OR_RETURN(const Position position, rows_.Known(*type));
  // So it has what was there at the start, however late this is done. And of what came since, all
  // until it was due, or the workflow began to wait for moments.
  const auto& moment = command.has_due_time() ? command.due_time() : workflow.update_time();
  KITH_RETURN_IF_ERROR(runtime::CheckKnown(runtime_.log, position, FromTimestamp(moment),
                                           "Which records there are"));
  projections::KeyRange range = projections::KeyRange::Prefix("");
  if (!command.after().empty()) range.from = command.after() + '\0';
  const projections::TableCore& table = type->directory->table();
  const std::unique_ptr<Message> row(type->rules->resource->New());
  const size_t most =
      std::min<size_t>(kFoundMax, static_cast<size_t>(std::max(0, RecordsMaxOf(workflow.trigger()) -
                                                                      command.records_before())));
  std::string last;
  KITH_RETURN_IF_ERROR(table.Scan(view.At(position), load.workspace(), range, *row, [&] {
    if (listed.looked_at == kRowsMax || listed.names.size() == most) {
      listed.after = last;
      return false;
    }
    ++listed.looked_at;
    last = table.declaration().key(*row);
    const auto due = DueOf(workflow.trigger(), *row, calendar, context.now);
    if (due.has_value() && *due >= SinceOf(command, context)) listed.names.push_back(last);
    return true;
  }));
  const bool is_enough = command.records_before() + static_cast<int>(listed.names.size()) >=
                             RecordsMaxOf(workflow.trigger()) ||
                         command.rows_before() + listed.looked_at >= kRowsOfAllMax;
  if (is_enough) listed.after.clear();
  return listed;
}

Decision FireCommands::FindRecords(runtime::Loader& load, const v1::Workflow& workflow,
                                   const v1::FireWorkflowRequest& command,
                                   const CommandContext& context) const {
  KITH_RETURN_IF_ERROR(load.NeedDisk());
  KITH_ASSIGN_OR_RETURN(const WorkCalendar calendar,
                        CalendarOf(load, workflow.trigger(), ZoneOf(context.settings.time_zone)));
  KITH_ASSIGN_OR_RETURN(Listed listed, List(load, workflow, command, calendar, context));
  v1::WorkflowFired fired;
  if (command.has_due_time()) *fired.mutable_due_time() = command.due_time();
  if (command.has_since_time()) *fired.mutable_since_time() = command.since_time();
  fired.set_moves_only(command.moves_only());
  fired.set_records_before(command.records_before());
  fired.set_rows_looked_at(command.rows_before() + listed.looked_at);
  fired.set_after(std::move(listed.after));
  const runtime::ResourceType* const type =
      runtime::FindType(resources_, workflow.trigger().resource());
  for (const std::string& name : listed.names) {
    KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadState(*type->aggregate, name));
    const ResourceNow now = type->now_of(state);
    if (now.lifecycle != Lifecycle::kActive) continue;
    KITH_ASSIGN_OR_RETURN(const auto record, rows_.WithTimes(load, *type, *now.resource));
    const auto due = DueOf(workflow.trigger(), *record, calendar, context.now);
    if (!due.has_value() || *due < SinceOf(command, context)) continue;
    v1::FoundRecord& found = *fired.add_records();
    found.set_record(name);
    if (workflow.trigger().has_record_time()) *found.mutable_due_time() = ToTimestamp(*due);
  }
  if (!command.has_due_time() && fired.records().empty() && fired.after().empty()) {
    return NoChange();
  }
  return Changes().Add(Fired(workflow.name(), std::move(fired)));
}

}  // namespace kith::workflows
