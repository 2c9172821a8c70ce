// WorkflowSchedules: the time that a schedule says sets off the workflow that has it, over no
// record or over those that were found; and then the next time is waited for.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::workflows {

class WorkflowSchedules final : public projections::Policy {
 public:
  WorkflowSchedules()
      : Policy("workflow_schedules", 2, "Sets off the workflows whose schedule says so.") {}
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override { return {"workflows", "workspaces"}; }
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::workflows
