// RunSteps: a run of a workflow takes its steps one after another, and waits where one says so.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::workflows {

class RunSteps final : public projections::Policy {
 public:
  RunSteps() : Policy("workflow_steps", 2, "Takes the steps of the workflows that were set off.") {}
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override { return {"workflowRuns"}; }
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::workflows
