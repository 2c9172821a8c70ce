// LeadNotices: who gets a lead is told. Of a lead in the queue of a team everybody is told who may
// take it, kMembersMax of them at most. Nobody is told of what they do themselves.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::notifications {

class LeadNotices final : public projections::Policy {
 public:
  LeadNotices() : Policy("lead_notices", 3, "Tells people of leads that became theirs.") {}
  std::string base() const override { return "lead_directory"; }
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override;
  bool Concerns(const eventstore::RecordedEvent& event) const override;
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::notifications
