#include "services/workflows/workflow_run.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/workflows/v1/workflows_errors.pb.h"
#include "projections/workflows/part_tables.h"
#include "projections/workflows/record_moment.h"
#include "projections/workflows/run_fold.h"
#include "projections/workflows/time_span.h"
#include "services/core/reject.h"
#include "services/workflows/workflow.h"

namespace kith::workflows {
namespace {

using google::protobuf::Message;

absl::string_view WorkflowOf(const v1::WorkflowRun& wanted) { return wanted.workflow(); }

// That the steps were written for such a record. Of a workflow that is about none, no step looks at
// what a run names.
absl::Status CheckRecord(const v1::WorkflowTrigger& trigger, const std::string& record) {
  if (record.empty() || trigger.resource().empty()) return absl::OkStatus();
  const absl::string_view wanted = CollectionOfRun(trigger.resource());
  if (eventstore::CategoryOf(record) == wanted) return absl::OkStatus();
  return RejectField("workflow_run.record",
                     absl::StrCat("must be one of the ", wanted, ": the workflow is about those"));
}

absl::Status Place(const WorkflowState& workflow, v1::WorkflowRun& run) {
  if (workflow.lifecycle != Lifecycle::kActive) {
    return ResourceNotFound(WorkflowRules(), run.workflow());
  }
  const v1::Workflow& steps = workflow.resource;
  KITH_RETURN_IF_ERROR(CheckRecord(steps.trigger(), run.record()));
  if (run.display_name().empty()) run.set_display_name(steps.display_name());
  *run.mutable_steps() = steps.steps();
  run.set_workflow_etag(steps.etag());
  run.set_workflow_active(steps.state() == v1::ACTIVE);
  run.set_state(steps.steps().empty() ? v1::DONE : v1::RUNNING);
  if (!steps.steps().empty()) run.set_step(steps.steps(0).id());
  return absl::OkStatus();
}

// What is made by a service goes on with all that may be done.
absl::Status Authorise(const v1::WorkflowRun& before, const v1::WorkflowRun& after,
                       const Grants* grants) {
  const bool begins = before.name().empty() && !after.steps().empty();
  if (!begins) return absl::OkStatus();
  if (after.owner().empty()) KITH_RETURN_IF_ERROR(MayActForNobody(grants));
  return MayActInFull(after.steps(), grants);
}

absl::Status CheckThere(const RunState& state, absl::string_view name) {
  return state.lifecycle == Lifecycle::kActive ? absl::OkStatus()
                                               : ResourceNotFound(RunRules(), name);
}

Change Advanced(const v1::WorkflowRun& run, v1::RunState state, const std::string& step,
                std::optional<v1::StepOutcome> outcome) {
  auto event = std::make_unique<v1::WorkflowRunEvent>();
  v1::WorkflowRunAdvanced& advanced = *event->mutable_workflow_run_advanced();
  advanced.set_name(run.name());
  advanced.set_state(state);
  advanced.set_step(step);
  advanced.set_turn(run.turn() + 1);
  advanced.set_owner(run.owner());
  advanced.set_workflow(run.workflow());
  if (outcome.has_value()) *advanced.mutable_outcome() = *std::move(outcome);
  // Who may have the step taken, may have the run say so.
  return {.stream = run.name(), .event = std::move(event), .claims = {}, .is_consequence = true};
}

}  // namespace

RunState Evolve(RunState state, const Recorded<v1::WorkflowRunEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource, FoldRun);
  return state;
}

const ResourceRules& RunRules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<RunAggregate>()
                             .NotFound(v1::WORKFLOWS_ERROR_WORKFLOW_RUN_NOT_FOUND)
                             .LinkNotFound(v1::WORKFLOWS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .OwnedByCreator()
                             .Within<WorkflowAggregate>(WorkflowOf, Place)
                             .Authorise(Authorise)
                             .FoldedBy<FoldRun>()
                             .Build());
  return rules;
}

Decision Decide(const RunState& state, const v1::CancelWorkflowRunRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckThere(state, command.name()));
  const v1::WorkflowRun& run = state.resource;
  KITH_RETURN_IF_ERROR(CheckEtag(command.etag(), run.etag()));
  if (run.state() == v1::CANCELLED) return NoChange();
  if (run.state() == v1::DONE) {
    return RejectState(v1::WORKFLOWS_ERROR_RUN_ENDED, "The run has come to its end.", run.name());
  }
  return Changes().Add(Advanced(run, v1::CANCELLED, run.step(), std::nullopt));
}

Decision Decide(const RunState& state, const v1::RetryWorkflowRunRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckThere(state, command.name()));
  const v1::WorkflowRun& run = state.resource;
  KITH_RETURN_IF_ERROR(CheckEtag(command.etag(), run.etag()));
  const std::string last = run.outcomes().empty() ? "" : run.outcomes().rbegin()->reason();
  const bool was_paused =
      run.state() == v1::CANCELLED && (last == kWorkflowPaused || last == kActingKeyEnded);
  if (run.state() != v1::FAILED && !was_paused) {
    return RejectState(v1::WORKFLOWS_ERROR_RUN_NOT_FAILED,
                       "No step of the run was refused, nor kept from being taken by a pause.",
                       run.name());
  }
  if (run.turn() + 1 >= kTurnsMax) {
    return RejectState(v1::WORKFLOWS_ERROR_RUN_ENDED,
                       "The run took as many steps as one may. Begin another.", run.name());
  }
  return Changes().Add(Advanced(run, v1::RUNNING, run.step(), std::nullopt));
}

Change GoOn(const v1::WorkflowRun& run, v1::StepOutcome outcome, const std::string& next) {
  outcome.set_step(run.step());
  if (next.empty()) return Advanced(run, v1::DONE, "", std::move(outcome));
  if (run.turn() + 1 >= kTurnsMax) return Refuse(run, "TOO_MANY_STEPS");
  return Advanced(run, v1::RUNNING, next, std::move(outcome));
}

Change WaitUntil(const v1::WorkflowRun& run, absl::Time until, v1::StepOutcome outcome) {
  outcome.set_step(run.step());
  *outcome.mutable_wait_until_time() = ToTimestamp(until);
  return Advanced(run, v1::WAITING, run.step(), std::move(outcome));
}

namespace {

Change EndAt(const v1::WorkflowRun& run, v1::RunState state, std::string reason) {
  v1::StepOutcome outcome;
  outcome.set_step(run.step());
  outcome.set_reason(std::move(reason));
  return Advanced(run, state, run.step(), std::move(outcome));
}

}  // namespace

Change Refuse(const v1::WorkflowRun& run, std::string reason) {
  return EndAt(run, v1::FAILED, std::move(reason));
}

Change Stop(const v1::WorkflowRun& run, std::string reason) {
  return EndAt(run, v1::CANCELLED, std::move(reason));
}

v1::AwaitedChange AwaitedBy(const v1::AwaitStep& step, const std::string& name,
                            const Message& record) {
  v1::AwaitedChange awaited;
  awaited.set_resource(step.resource());
  awaited.set_by_field(step.by_field());
  awaited.set_change(step.change());
  awaited.set_condition(step.condition());
  awaited.set_condition_before(step.condition_before());
  awaited.set_record(name);
  if (step.field().empty()) return awaited;
  const auto* const field = record.GetDescriptor()->FindFieldByName(step.field());
  awaited.set_record(field == nullptr ? "" : record.GetReflection()->GetString(record, field));
  return awaited;
}

absl::StatusOr<absl::Time> WaitTime(const v1::WaitStep& wait, const Message* record, absl::Time now,
                                    const WorkCalendar& calendar) {
  TimeSpan span;
  if (!wait.duration().empty()) {
    KITH_ASSIGN_OR_RETURN(span, ParseTimeSpan(wait.duration()));
  }
  absl::Time from = now;
  if (!wait.until_field().empty()) {
    const auto time =
        record == nullptr ? std::nullopt : TimeIn(*record, wait.until_field(), calendar.zone);
    if (!time.has_value()) return absl::NotFoundError("the record has no such time");
    from = *time;
  }
  const auto until = Add(from, span, calendar);
  if (!until.has_value()) {
    return absl::OutOfRangeError("the calendar is not open so often within twenty years");
  }
  return std::max(now, *until);
}

}  // namespace kith::workflows
