#include "services/workflows/run_commands.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/failure.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/business_calendars/v1/business_calendar.pb.h"
#include "kith/options/v1/options.pb.h"
#include "kith/workflows/v1/workflows_errors.pb.h"
#include "projections/tables/row_filter.h"
#include "projections/workflows/active_workflows.h"
#include "projections/workflows/awaiting_runs.h"
#include "projections/workflows/part_tables.h"
#include "projections/workflows/time_span.h"
#include "services/core/by_itself.h"
#include "services/core/date.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"
#include "services/core/work_calendar.h"
#include "services/runtime/calls/part_command.h"
#include "services/runtime/reads/hide_masked.h"
#include "services/runtime/resources/collections.h"
#include "services/runtime/resources/find_type.h"
#include "services/workflows/step_request.h"
#include "services/workflows/workflow.h"
#include "services/workflows/workflow_fields.h"

namespace kith::workflows {
namespace {

using google::protobuf::Message;

// Of what a step changed so much is told.
constexpr size_t kChangedMax = 10;

absl::TimeZone ZoneOf(const CommandContext& context) {
  return TimeZoneOf(context.settings.time_zone).value_or(absl::UTCTimeZone());
}

// The record that an event says it happened to, which need not be its stream.
std::string NameIn(const Message& event) {
  std::vector<const google::protobuf::FieldDescriptor*> set;
  event.GetReflection()->ListFields(event, &set);
  if (set.size() != 1 || set.front()->message_type() == nullptr) return "";
  const Message& payload = event.GetReflection()->GetMessage(event, set.front());
  const auto* const name = payload.GetDescriptor()->FindFieldByName("name");
  return name == nullptr ? "" : payload.GetReflection()->GetString(payload, name);
}

Changes Only(Change change) { return Changes().Add(std::move(change)); }

// What a step's request does, behind the event that says that the step is taken: by that, policies
// know whose step it is.
Changes Behind(Change taken, Changes done) {
  Changes all = Changes().Add(std::move(taken)).WithSecret(done.secret());
  if (done.occurred().has_value()) all = std::move(all).OccurredAt(*done.occurred());
  for (Change& change : std::move(done).TakeList()) all = std::move(all).Add(std::move(change));
  return all;
}

// What a request changed that answers with a record: of its changes the first one to such a record.
std::string AnswerOf(const google::protobuf::MethodDescriptor& method, const Changes& changes) {
  const std::string& pattern =
      method.output_type()->options().GetExtension(options::v1::resource).pattern();
  if (pattern.empty()) return "";
  const ResourcePattern named(pattern);
  for (const Change& change : changes.list()) {
    if (named.Matches(change.stream)) return change.stream;
    const std::string name = NameIn(*change.event);
    if (named.Matches(name)) return name;
  }
  return "";
}

// What of a record its reader's roles show; null where it is.
std::unique_ptr<Message> ShownTo(const runtime::Caller& caller, const Message* record) {
  if (record == nullptr) return nullptr;
  std::unique_ptr<Message> shown(record->New());
  shown->CopyFrom(*record);
  runtime::HideMasked(caller, shown.get());
  return shown;
}

}  // namespace

RunCommands::RunCommands(std::vector<runtime::ResourceType> resources,
                         std::vector<runtime::PartType> parts, const runtime::MethodTable& methods,
                         const runtime::Runtime& runtime)
    : resources_(std::move(resources)),
      parts_(std::move(parts)),
      methods_(methods),
      runtime_(runtime),
      rows_(runtime),
      collections_(runtime::CollectionsOf(resources_)) {}

Decision RunCommands::Run(runtime::Loader& load, const v1::AdvanceWorkflowRunRequest& command,
                          const CommandContext& context) const {
  if (!IsDoneByPolicy(context, "workflow")) {
    return Reject(v1::WORKFLOWS_ERROR_ADVANCES_BY_ITSELF,
                  "Runs take their steps by themselves. Retry or cancel it.");
  }
  // The step is taken for somebody who may not see runs.
  KITH_ASSIGN_OR_RETURN(const void* const loaded,
                        load.LoadAny(kAggregateType<RunAggregate>, command.name()));
  const auto* const state = static_cast<const RunState*>(loaded);
  const v1::WorkflowRun& run = state->resource;
  if (state->lifecycle == Lifecycle::kAbsent) return ResourceNotFound(RunRules(), command.name());
  const bool is_on_its_way = run.state() == v1::RUNNING || run.state() == v1::WAITING;
  if (state->lifecycle != Lifecycle::kActive || !is_on_its_way || run.turn() != command.turn()) {
    return NoChange();
  }
  KITH_ASSIGN_OR_RETURN(const void* const workflow,
                        load.LoadAny(kAggregateType<WorkflowAggregate>, run.workflow()));
  std::string stopped =
      WhyStopped(*static_cast<const WorkflowState*>(workflow), run.workflow_active());
  if (!stopped.empty()) return Only(Stop(run, std::move(stopped)));
  const std::string& key = static_cast<const WorkflowState*>(workflow)->resource.acting_key();
  if (run.owner().empty() && !key.empty() && !Counts(key, context)) {
    return Only(Stop(run, std::string(kActingKeyEnded)));
  }
  const v1::WorkflowStep* const step = FindStep(run.steps(), run.step());
  if (step == nullptr) return Only(Refuse(run, "NO_SUCH_STEP"));
  if (!command.reason().empty()) return Only(Refuse(run, command.reason()));
  switch (step->action_case()) {
    case v1::WorkflowStep::kCall:
      return TakeCall(load, run, *step, context);
    case v1::WorkflowStep::kWait:
      return TakeWait(load, run, *step, context);
    case v1::WorkflowStep::kBranch:
      return TakeBranch(load, run, *step, context);
    case v1::WorkflowStep::kAwait:
      return TakeAwait(load, run, *step, command.happened_to(), context);
    default:
      return Only(GoOn(run, {}, ""));
  }
}

bool RunCommands::Counts(const std::string& key, const CommandContext& context) const {
  const auto caller = runtime_.authorizer->CallerOfKey(context.workspace, key);
  return caller != nullptr && context.now < caller->expire_time;
}

absl::StatusOr<const Message*> RunCommands::Find(runtime::Loader& load,
                                                 absl::string_view record) const {
  if (record.empty()) return nullptr;
  const absl::string_view category = eventstore::CategoryOf(record);
  for (const runtime::ResourceType& type : resources_) {
    if (type.rules->category != category) continue;
    KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadState(*type.aggregate, record));
    const ResourceNow now = type.now_of(state);
    return now.lifecycle == Lifecycle::kActive ? now.resource : nullptr;
  }
  return nullptr;
}

absl::StatusOr<WorkCalendar> RunCommands::CalendarOf(runtime::Loader& load,
                                                     const std::string& calendar,
                                                     const CommandContext& context) const {
  if (calendar.empty()) return Weekdays(ZoneOf(context));
  for (const runtime::ResourceType& type : resources_) {
    if (type.rules->category != eventstore::CategoryOf(calendar)) continue;
    KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadState(*type.aggregate, calendar));
    // One that was deleted meanwhile says what it said last.
    return WorkCalendarOf(
        static_cast<const business_calendars::v1::BusinessCalendar&>(*type.now_of(state).resource));
  }
  return Weekdays(ZoneOf(context));
}

absl::StatusOr<bool> RunCommands::Holds(runtime::Loader& load, absl::string_view condition,
                                        absl::string_view record, const Message& resource,
                                        const CommandContext& context) const {
  const auto collection = std::find_if(
      collections_.begin(), collections_.end(),
      [&](const Collection& one) { return one.name == eventstore::CategoryOf(record); });
  if (collection == collections_.end()) return false;
  const runtime::ResourceType* const type = runtime::FindType(resources_, collection->name);
  if (type == nullptr) return false;
  KITH_ASSIGN_OR_RETURN(const auto told, rows_.WithTimes(load, *type, resource));
  runtime::HideMasked(load.caller(), told.get());
  return collection->holds(condition, *told, context.now, ZoneOf(context));
}

Decision RunCommands::TakeCall(runtime::Loader& load, const v1::WorkflowRun& run,
                               const v1::WorkflowStep& step, const CommandContext& context) const {
  const runtime::BoundMethod* const bound = methods_.FindCommand(step.call().method());
  if (bound == nullptr || !WhyNoStep(*bound->method().descriptor).empty()) {
    return Only(Refuse(run, "NO_SUCH_METHOD"));
  }
  const runtime::Method& method = bound->method();
  KITH_ASSIGN_OR_RETURN(const Message* const record, Find(load, run.record()));
  const std::unique_ptr<Message> shown = ShownTo(load.caller(), record);
  const auto request = MakeStepRequest(step.call().request(), *method.descriptor,
                                       {shown.get(), run.name(), run.workflow(), run.answers(),
                                        run.links(), context.now, ZoneOf(context)});
  if (!request.ok()) return Only(Refuse(run, "INVALID_REQUEST"));
  KITH_ASSIGN_OR_RETURN(const bool may_begin, MayBegin(load, run, **request));
  if (!may_begin) return Only(Refuse(run, "WORKFLOW_NOT_ACTIVE_FOR_OWNER"));
  Decision decision = runtime::DecidePart(methods_, load, **request, context);
  if (!decision.ok()) {
    // What the server lacks at the moment may pass. What was refused is the step's outcome, also
    // where it could be taken another day, or of another etag.
    if (load.would_block() || IsOfTheMoment(decision.status())) return decision.status();
    return Only(Refuse(run, ReasonOf(decision.status())));
  }
  v1::StepOutcome outcome;
  outcome.set_answer(AnswerOf(*method.descriptor, *decision));
  std::set<std::string> told;
  for (const Change& change : decision->list()) {
    if (told.size() == kChangedMax || !told.insert(change.stream).second) continue;
    outcome.add_changed(change.stream);
  }
  return Behind(GoOn(run, std::move(outcome), NextOf(run.steps(), step)), *std::move(decision));
}

absl::StatusOr<bool> RunCommands::MayBegin(runtime::Loader& load, const v1::WorkflowRun& run,
                                           const Message& request) const {
  const auto* const begins =
      google::protobuf::DynamicCastToGenerated<v1::CreateWorkflowRunRequest>(&request);
  if (begins == nullptr || begins->workflow_run().workflow().empty()) return true;
  KITH_ASSIGN_OR_RETURN(const void* const loaded, load.LoadAny(kAggregateType<WorkflowAggregate>,
                                                               begins->workflow_run().workflow()));
  const auto& workflow = *static_cast<const WorkflowState*>(loaded);
  // Of one that is not there, the command says so.
  if (workflow.lifecycle != Lifecycle::kActive) return true;
  return workflow.resource.state() == v1::ACTIVE && workflow.resource.acts_for() == run.owner();
}

Decision RunCommands::TakeWait(runtime::Loader& load, const v1::WorkflowRun& run,
                               const v1::WorkflowStep& step, const CommandContext& context) const {
  const std::string next = NextOf(run.steps(), step);
  if (run.state() == v1::WAITING) {
    if (context.now < FromTimestamp(run.wait_until_time())) return NoChange();
    return Only(GoOn(run, {}, next));
  }
  const Message* record = nullptr;
  if (!step.wait().until_field().empty()) {
    KITH_ASSIGN_OR_RETURN(record, Find(load, run.record()));
  }
  KITH_ASSIGN_OR_RETURN(const WorkCalendar calendar,
                        CalendarOf(load, step.wait().business_calendar(), context));
  // How long it waits tells the time, as of a birthday.
  const std::unique_ptr<Message> shown = ShownTo(load.caller(), record);
  const auto until = WaitTime(step.wait(), shown.get(), context.now, calendar);
  // Nothing to wait for: the record is gone, or has no such time, or none that is shown.
  if (absl::IsNotFound(until.status())) return Only(GoOn(run, {}, ""));
  if (!until.ok()) return Only(Refuse(run, "BEYOND_TWENTY_YEARS"));
  return Only(*until <= context.now ? GoOn(run, {}, next) : WaitUntil(run, *until));
}

Decision RunCommands::TakeBranch(runtime::Loader& load, const v1::WorkflowRun& run,
                                 const v1::WorkflowStep& step,
                                 const CommandContext& context) const {
  const std::string& of = step.branch().of();
  const std::string name = of.empty() ? run.record() : LinkOf(run.links(), of);
  KITH_ASSIGN_OR_RETURN(const Message* const record, Find(load, name));
  v1::StepOutcome outcome;
  outcome.set_held(false);
  if (record != nullptr) {
    const auto held = Holds(load, step.branch().condition(), name, *record, context);
    if (load.would_block() || IsOfTheMoment(held.status())) return held.status();
    if (!held.ok()) return Only(Refuse(run, ReasonOf(held.status())));
    outcome.set_held(*held);
  }
  const std::string next = outcome.held() ? NextOf(run.steps(), step) : step.branch().otherwise();
  return Only(GoOn(run, std::move(outcome), next));
}

Decision RunCommands::TakeAwait(runtime::Loader& load, const v1::WorkflowRun& run,
                                const v1::WorkflowStep& step, const std::string& happened_to,
                                const CommandContext& context) const {
  const std::string next = NextOf(run.steps(), step);
  const std::string& otherwise = step.await().otherwise();
  if (run.state() == v1::WAITING && happened_to.empty()) {
    if (context.now < FromTimestamp(run.wait_until_time())) return NoChange();
    return Only(GoOn(run, {}, otherwise));
  }
  if (run.state() == v1::WAITING) {
    KITH_ASSIGN_OR_RETURN(const bool is_seen, IsSeen(load, happened_to));
    if (!is_seen) return NoChange();
    v1::StepOutcome outcome;
    outcome.set_happened_to(happened_to);
    return Only(GoOn(run, std::move(outcome), next));
  }
  KITH_ASSIGN_OR_RETURN(const Message* const record, Find(load, run.record()));
  if (record == nullptr) return Only(GoOn(run, {}, ""));
  v1::StepOutcome outcome;
  v1::AwaitedChange& awaited = *outcome.mutable_awaited();
  awaited = AwaitedBy(step.await(), run.record(), *record);
  // Names nobody there, to whom something could happen.
  if (awaited.record().empty()) return Only(GoOn(run, {}, otherwise));
  KITH_ASSIGN_OR_RETURN(const bool is_so, IsSo(load, awaited, context));
  std::string already = is_so ? awaited.record() : "";
  if (!is_so) {
    KITH_ASSIGN_OR_RETURN(already, FindMade(load, run, awaited, context));
  }
  if (!already.empty()) {
    outcome.set_happened_to(std::move(already));
    return Only(GoOn(run, std::move(outcome), next));
  }
  KITH_ASSIGN_OR_RETURN(const WorkCalendar calendar,
                        CalendarOf(load, step.await().business_calendar(), context));
  KITH_ASSIGN_OR_RETURN(const TimeSpan timeout, ParseTimeSpan(step.await().timeout()));
  const auto until = Add(context.now, timeout, calendar);
  if (!until.has_value()) return Only(Refuse(run, "BEYOND_TWENTY_YEARS"));
  return Only(WaitUntil(run, *until, std::move(outcome)));
}

absl::StatusOr<std::string> RunCommands::FindMade(runtime::Loader& load, const v1::WorkflowRun& run,
                                                  const v1::AwaitedChange& awaited,
                                                  const CommandContext& context) const {
  const bool is_of_state = awaited.change() != v1::CREATED && !awaited.condition().empty() &&
                           awaited.condition_before().empty();
  if (!is_of_state) return "";
  for (const v1::StepAnswer& made : run.answers()) {
    if (eventstore::CategoryOf(made.name()) != awaited.resource()) continue;
    KITH_ASSIGN_OR_RETURN(const bool is_it, IsMade(load, made.name(), awaited, context));
    if (is_it) return made.name();
  }
  return "";
}

absl::StatusOr<bool> RunCommands::IsMade(runtime::Loader& load, const std::string& made,
                                         const v1::AwaitedChange& awaited,
                                         const CommandContext& context) const {
  const auto* const fields = PartTable(awaited.resource());
  if (fields == nullptr) {
    if (awaited.by_field().empty()) return false;
    KITH_ASSIGN_OR_RETURN(const Message* const record, Find(load, made));
    if (record == nullptr) return false;
    const std::string condition = absl::StrCat(awaited.by_field(), " = \"", awaited.record(),
                                               "\" (", awaited.condition(), ")");
    return Holds(load, condition, made, *record, context);
  }
  if (!absl::StartsWith(made, absl::StrCat(awaited.record(), "/"))) return false;
  for (const runtime::PartType& part : parts_) {
    if (part.aggregate->category != awaited.resource()) continue;
    KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadState(*part.aggregate, made));
    const ResourceNow now = part.now_of(state);
    return now.lifecycle == Lifecycle::kActive &&
           projections::RowHolds(*fields, awaited.condition(), *now.resource, context.now);
  }
  return false;
}

absl::StatusOr<bool> RunCommands::IsSeen(runtime::Loader& load, absl::string_view record) const {
  const absl::string_view category = eventstore::CategoryOf(record);
  for (const runtime::ResourceType& type : resources_) {
    if (type.rules->category != category) continue;
    KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadState(*type.aggregate, record));
    return type.now_of(state).lifecycle != Lifecycle::kAbsent;
  }
  // What stands under a record is as visible as that.
  const std::vector<absl::string_view> parts = absl::StrSplit(record, absl::MaxSplits('/', 2));
  if (parts.size() < 3) return false;
  return IsSeen(load, absl::StrCat(parts[0], "/", parts[1]));
}

absl::StatusOr<bool> RunCommands::IsSo(runtime::Loader& load, const v1::AwaitedChange& awaited,
                                       const CommandContext& context) const {
  if (!IsOfState(awaited)) return false;
  KITH_ASSIGN_OR_RETURN(const Message* const record, Find(load, awaited.record()));
  if (record == nullptr) return false;
  return Holds(load, awaited.condition(), awaited.record(), *record, context);
}

}  // namespace kith::workflows
