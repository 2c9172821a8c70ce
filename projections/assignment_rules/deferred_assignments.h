// DeferredAssignments: a record that nobody could take is assigned when the first of them can.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::assignment_rules {

class DeferredAssignments final : public projections::Policy {
 public:
  DeferredAssignments()
      : Policy("deferred_assignments", 1, "Assigns the records that wait for somebody.") {}
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override { return {"assignmentTurns"}; }
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::assignment_rules
