#include "projections/workflows/score_triggers.h"

#include <algorithm>

#include "eventstore/base/status_macros.h"
#include "kith/workflows/v1/workflows_service.pb.h"
#include "projections/workflows/active_workflows.h"

namespace kith::workflows {
namespace {

using scoring_models::v1::ScoreEvent;
using scoring_models::v1::ScoreThresholdCrossed;

}  // namespace

bool IsReached(const v1::WorkflowTrigger& trigger, const ScoreThresholdCrossed& crossed) {
  const v1::ScoreReached& awaited = trigger.score_reached();
  return trigger.has_score_reached() && crossed.model() == awaited.scoring_model() &&
         eventstore::CategoryOf(crossed.record()) == trigger.resource() &&
         std::any_of(crossed.thresholds().begin(), crossed.thresholds().end(),
                     [&](const auto& one) { return one.threshold() == awaited.threshold(); });
}

std::vector<std::string> ScoreTriggers::Follows() const {
  return {"workflows", std::string(kScores)};
}

bool ScoreTriggers::Concerns(const eventstore::RecordedEvent& event) const {
  return IsOfWorkflow(event) ||
         static_cast<const ScoreEvent&>(*event.event).has_score_threshold_crossed();
}

absl::Status ScoreTriggers::React(const eventstore::RecordedEvent& event,
                                  projections::ViewBatch& batch,
                                  projections::Reactions& reactions) const {
  if (IsOfWorkflow(event)) return RememberWorkflow(event, kScores, batch).status();
  const auto& crossed = static_cast<const ScoreEvent&>(*event.event).score_threshold_crossed();
  KITH_ASSIGN_OR_RETURN(const v1::ActiveWorkflows active,
                        ReadActive(batch, event.header().workspace));
  for (const v1::ActiveWorkflow& workflow : active.workflows()) {
    if (!IsReached(workflow.trigger(), crossed)) continue;
    v1::FireWorkflowRequest fire;
    fire.set_name(workflow.workflow());
    fire.set_record(crossed.record());
    *fire.mutable_score_reached() = workflow.trigger().score_reached();
    const v1::PauseWorkflowRequest pause = PauseWithoutRights(workflow);
    KITH_RETURN_IF_ERROR(
        reactions.Add({&fire}, {.on_behalf_of = workflow.acts_for(), .otherwise = &pause}));
  }
  return absl::OkStatus();
}

}  // namespace kith::workflows
