#include "projections/workflows/run_steps.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/workflows/v1/workflow_run_events.pb.h"
#include "kith/workflows/v1/workflow_runs_service.pb.h"

namespace kith::workflows {
namespace {

using projections::Reactions;

// The run's next step, by `at` where it waits for that. A run that another's step set off is one
// deeper, so that workflows that set off each other come to an end.
absl::Status Take(const std::string& run, int turn, const std::string& owner,
                  const google::protobuf::Timestamp* at, bool continues, Reactions& reactions) {
  v1::AdvanceWorkflowRunRequest step;
  step.set_name(run);
  step.set_turn(turn);
  // Where the owner may do nothing any more, the step is refused, and the run says so.
  const Reactions::Terms terms{.on_behalf_of = owner, .otherwise = &step, .continues = continues};
  if (at == nullptr) return reactions.Add({&step}, terms);
  return reactions.Set(absl::StrCat(run, "/wait"), FromTimestamp(*at), step, terms);
}

}  // namespace

absl::Status RunSteps::React(const eventstore::RecordedEvent& recorded, projections::ViewBatch&,
                             Reactions& reactions) const {
  const auto& event = static_cast<const v1::WorkflowRunEvent&>(*recorded.event);
  const std::string& run = recorded.header().stream;
  if (event.has_workflow_run_created()) {
    const v1::WorkflowRun& created = event.workflow_run_created().workflow_run();
    if (created.state() != v1::RUNNING) return absl::OkStatus();
    const bool is_of_step = recorded.header().request.method == projections::PolicyMethod(name());
    return Take(run, 0, created.owner(), nullptr, !is_of_step, reactions);
  }
  if (event.has_workflow_run_deleted()) return reactions.Cancel(absl::StrCat(run, "/wait"));
  if (!event.has_workflow_run_advanced()) return absl::OkStatus();
  const v1::WorkflowRunAdvanced& advanced = event.workflow_run_advanced();
  switch (advanced.state()) {
    case v1::RUNNING:
      // It may go on before the time that it waited for.
      KITH_RETURN_IF_ERROR(reactions.Cancel(absl::StrCat(run, "/wait")));
      return Take(run, advanced.turn(), advanced.owner(), nullptr, true, reactions);
    case v1::WAITING:
      return Take(run, advanced.turn(), advanced.owner(), &advanced.outcome().wait_until_time(),
                  true, reactions);
    default:
      return reactions.Cancel(absl::StrCat(run, "/wait"));
  }
}

}  // namespace kith::workflows
