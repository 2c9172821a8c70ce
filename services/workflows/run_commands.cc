#include "services/workflows/run_commands.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "eventstore/base/error.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "google/rpc/error_details.pb.h"
#include "kith/workflows/v1/workflows_errors.pb.h"
#include "services/core/date.h"
#include "services/core/reject.h"
#include "services/runtime/resources/collections.h"
#include "services/workflows/step_request.h"
#include "services/workflows/workflow.h"

namespace kith::workflows {
namespace {

using google::protobuf::Message;

// Of what a step changed so much is told.
constexpr size_t kChangedMax = 10;

absl::TimeZone ZoneOf(const CommandContext& context) {
  return TimeZoneOf(context.settings.time_zone).value_or(absl::UTCTimeZone());
}

// Why, in one word: what is said to people may tell what the run's reader must not see.
std::string ReasonOf(const absl::Status& status) {
  if (const auto wire = WireError(status)) {
    google::rpc::ErrorInfo info;
    for (const auto& detail : wire->details()) {
      if (detail.UnpackTo(&info)) return info.reason();
    }
  }
  return absl::StatusCodeToString(status.code());
}

// It may be otherwise soon, and is tried again.
bool MayPass(const absl::Status& status) {
  return absl::IsAborted(status) || absl::IsUnavailable(status) ||
         absl::IsResourceExhausted(status) || absl::IsDeadlineExceeded(status);
}

Changes Only(Change change) { return Changes().Add(std::move(change)); }

// The method that a step calls; null where it is none any more.
const runtime::BoundMethod* FindMethod(const runtime::MethodTable& methods,
                                       absl::string_view name) {
  const runtime::BoundMethod* found = nullptr;
  for (const auto& [full_name, method] : methods.methods()) {
    if (method->handler() == nullptr) continue;
    if (method->method().name != name && method->method().descriptor->name() != name) continue;
    if (found != nullptr) return nullptr;
    found = method.get();
  }
  return found;
}

}  // namespace

RunCommands::RunCommands(std::vector<runtime::ResourceType> resources,
                         const runtime::MethodTable& methods)
    : resources_(std::move(resources)),
      methods_(methods),
      collections_(runtime::CollectionsOf(resources_)) {}

Decision RunCommands::Run(runtime::Loader& load, const v1::AdvanceWorkflowRunRequest& command,
                          const CommandContext& context) const {
  if (!absl::StartsWith(context.actor, "policies/")) {
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
    default:
      return Only(GoOn(run, {}, ""));
  }
}

absl::StatusOr<const Message*> RunCommands::RecordOf(runtime::Loader& load,
                                                     const v1::WorkflowRun& run) const {
  if (run.record().empty()) return nullptr;
  const absl::string_view category = eventstore::CategoryOf(run.record());
  for (const runtime::ResourceType& type : resources_) {
    if (type.rules->category != category) continue;
    KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadState(*type.aggregate, run.record()));
    const ResourceNow now = type.now_of(state);
    return now.lifecycle == Lifecycle::kActive ? now.resource : nullptr;
  }
  return nullptr;
}

Decision RunCommands::TakeCall(runtime::Loader& load, const v1::WorkflowRun& run,
                               const v1::WorkflowStep& step, const CommandContext& context) const {
  const runtime::BoundMethod* const bound = FindMethod(methods_, step.call().method());
  if (bound == nullptr) return Only(Refuse(run, "NO_SUCH_METHOD"));
  const runtime::Method& method = bound->method();
  if (!load.caller().grants.Contain(method.permission)) {
    return Only(Refuse(run, "PERMISSION_DENIED"));
  }
  KITH_ASSIGN_OR_RETURN(const Message* const record, RecordOf(load, run));
  const auto request =
      MakeStepRequest(step.call().request(), *method.descriptor->input_type(),
                      {record, run.name(), run.workflow(), context.now, ZoneOf(context)});
  if (!request.ok()) return Only(Refuse(run, "INVALID_REQUEST"));
  const absl::Status checked = method.Check(**request);
  Decision decision = checked.ok() ? bound->handler()->Decide(load, **request, context) : checked;
  if (!decision.ok()) {
    if (load.would_block() || MayPass(decision.status())) return decision.status();
    return Only(Refuse(run, ReasonOf(decision.status())));
  }
  v1::StepOutcome outcome;
  std::set<std::string> told;
  for (const Change& change : decision->list()) {
    if (told.size() == kChangedMax || !told.insert(change.stream).second) continue;
    outcome.add_changed(change.stream);
  }
  return std::move(*decision).Add(GoOn(run, std::move(outcome), NextOf(run.steps(), step)));
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
    KITH_ASSIGN_OR_RETURN(record, RecordOf(load, run));
  }
  const auto until = WaitTime(step.wait(), record, context.now, ZoneOf(context));
  // Nothing to wait for: the record is gone, or has no such time.
  if (!until.ok()) return Only(GoOn(run, {}, ""));
  return Only(*until <= context.now ? GoOn(run, {}, next) : WaitUntil(run, *until));
}

Decision RunCommands::TakeBranch(runtime::Loader& load, const v1::WorkflowRun& run,
                                 const v1::WorkflowStep& step,
                                 const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const Message* const record, RecordOf(load, run));
  v1::StepOutcome outcome;
  outcome.set_held(false);
  const auto collection = std::find_if(
      collections_.begin(), collections_.end(),
      [&](const Collection& one) { return one.name == eventstore::CategoryOf(run.record()); });
  if (record != nullptr && collection != collections_.end()) {
    const auto held =
        collection->holds(step.branch().condition(), *record, context.now, ZoneOf(context));
    if (!held.ok()) return Only(Refuse(run, ReasonOf(held.status())));
    outcome.set_held(*held);
  }
  const std::string next = outcome.held() ? NextOf(run.steps(), step) : step.branch().otherwise();
  return Only(GoOn(run, std::move(outcome), next));
}

}  // namespace kith::workflows
