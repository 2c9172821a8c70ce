// RunSteps: a run of a workflow takes its steps one after another, and waits where one says so.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::workflows {

// So many runs one workflow may begin in a day, where the workspace says no other number.
inline constexpr int kDailyRunsDefault = 100'000;

class RunSteps final : public projections::Policy {
 public:
  RunSteps() : Policy("workflow_steps", 3, "Takes the steps of the workflows that were set off.") {}
  bool reads_personal() const override { return false; }

 private:
  // How many runs a workflow begins in a day it remembers, to pause those that never end.
  std::vector<std::string> Follows() const override { return {"workflowRuns", "workspaces"}; }
  bool Concerns(const eventstore::RecordedEvent& event) const override;
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::workflows
