// ScoreTriggers: a score that reaches a threshold sets off the workflows that wait for that.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kith/scoring_models/v1/score_events.pb.h"
#include "kith/workflows/v1/workflow.pb.h"
#include "projections/reactions/policy.h"

namespace kith::workflows {

// Whether it is what the trigger waits for.
bool IsReached(const v1::WorkflowTrigger& trigger,
               const scoring_models::v1::ScoreThresholdCrossed& crossed);

// How the record is, which `condition` asks for, is known when it is set off.
class ScoreTriggers final : public projections::Policy {
 public:
  ScoreTriggers()
      : Policy("workflow_triggers_scores", 1,
               "Sets off the workflows that wait for scores to reach thresholds.") {}
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override;
  bool Concerns(const eventstore::RecordedEvent& event) const override;
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::workflows
