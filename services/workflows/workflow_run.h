// A workflow's run: its rules, its fold, and how it goes from step to step. Pure.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "kith/workflows/v1/workflow_run.pb.h"
#include "kith/workflows/v1/workflow_run_events.pb.h"
#include "kith/workflows/v1/workflow_runs_service.pb.h"
#include "services/core/business_time.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/resource_rules.h"

namespace kith::workflows {

// Steps of a run; it is ended by the one after them.
inline constexpr int kTurnsMax = 1'000;

struct RunState : ResourceState<v1::WorkflowRun> {};

struct RunAggregate {
  using Resource = v1::WorkflowRun;
  using State = RunState;
  using Event = v1::WorkflowRunEvent;
  static constexpr absl::string_view kCategory = "workflowRuns";
};

RunState Evolve(RunState state, const Recorded<v1::WorkflowRunEvent>& recorded);

// A run comes into being at the first step of its workflow, with the steps as they are then.
const ResourceRules& RunRules();

Decision Decide(const RunState& state, const v1::CancelWorkflowRunRequest& command,
                const CommandContext& context);
Decision Decide(const RunState& state, const v1::RetryWorkflowRunRequest& command,
                const CommandContext& context);

// The run takes a step, and this is what follows: the event that says so.
// It goes on with the step of this id, "" for the end.
Change GoOn(const v1::WorkflowRun& run, v1::StepOutcome outcome, const std::string& next);
// It waits at this step, at most until then, for what the outcome says.
Change WaitUntil(const v1::WorkflowRun& run, absl::Time until, v1::StepOutcome outcome = {});
// The step was refused.
Change Refuse(const v1::WorkflowRun& run, std::string reason);
// It is not taken: the workflow was stopped.
Change Stop(const v1::WorkflowRun& run, std::string reason);

// What a step waits for, of the run's record; without a record where that names none in the field.
v1::AwaitedChange AwaitedBy(const v1::AwaitStep& step, const std::string& name,
                            const google::protobuf::Message& record);

// Until when a step waits, counted from `now`, for a record of which null is there: a time that has
// passed is now. NotFound where the record has no such time, OutOfRange where the calendar is not
// open so often within twenty years.
absl::StatusOr<absl::Time> WaitTime(const v1::WaitStep& wait,
                                    const google::protobuf::Message* record, absl::Time now,
                                    const WorkCalendar& calendar);

}  // namespace kith::workflows
