// ApprovalExpiry: an approval that was asked for and that expires is waited for. It is given up
// when it is answered, or the deal moves.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::deals {

class ApprovalExpiry final : public projections::Policy {
 public:
  ApprovalExpiry()
      : Policy("approval_expiry", 1, "Ends approvals of deals that nobody answered in time.") {}
  std::string base() const override { return "deal_list"; }
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override { return {}; }
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::deals
