// WorkflowStops: for whom a workflow acted is told when Kith itself pauses it.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::notifications {

class WorkflowStops final : public projections::Policy {
 public:
  WorkflowStops()
      : Policy("workflow_stops", 1, "Tells for whom a workflow acted that Kith itself paused it.",
               2) {}
  std::string base() const override { return "workflow_directory"; }
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override { return {}; }
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::notifications
