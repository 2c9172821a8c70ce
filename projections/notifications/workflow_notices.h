// WorkflowNotices: for whom a workflow acts is told when a run of it fails.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::notifications {

class WorkflowNotices final : public projections::Policy {
 public:
  WorkflowNotices()
      : Policy("workflow_notices", 1, "Tells for whom a workflow acts that a run of it failed.") {}
  std::string base() const override { return "workflow_run_directory"; }
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override { return {}; }
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::notifications
