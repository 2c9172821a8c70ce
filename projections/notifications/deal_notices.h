// DealNotices: the owner of a deal is told when it becomes theirs, when somebody else moves it, and
// when it went stale. Who may agree that it enters a stage is told when somebody asks, of all teams
// and roles together kApproversMax people at most, and who asked what became of it.
// Nobody is told of what they do themselves.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::notifications {

inline constexpr size_t kApproversMax = 100;

class DealNotices final : public projections::Policy {
 public:
  DealNotices()
      : Policy("deal_notices", 5,
               "Tells the owner of a deal that it became theirs, stands in another stage, or went "
               "stale, and people of approvals.",
               1) {}
  std::string base() const override { return "deal_list"; }
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override;
  bool Concerns(const eventstore::RecordedEvent& event) const override;
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::notifications
