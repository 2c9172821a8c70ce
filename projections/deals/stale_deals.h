// StaleDeals: a deal that stands in its stage, and about which nothing happens for longer than that
// stage's rot_days, is said to be stale: by a timer for each open deal, which moves with what
// happens about it. The same moment as the board's rotting_count has it.
//
// What was stale already when it was recorded is said of nothing: it was imported. Where a stage's
// rot_days change, its deals are looked for, and their timers set anew.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kith/deals/v1/pipeline.pb.h"
#include "projections/reactions/policy.h"

namespace kith::deals {

class StaleDeals final : public projections::Policy {
 public:
  static constexpr absl::string_view kName = "stale_deals";

  StaleDeals()
      : Policy(kName, 1,
               "Says of deals that they stood untouched for longer than their stage wants.", 2) {}
  std::string base() const override { return "deal_list"; }
  bool reads_personal() const override { return false; }

 private:
  // The rot_days of stages it remembers by itself.
  std::vector<std::string> Follows() const override { return {"pipelines", "staleness"}; }
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

// Of whom one event finds at most: what follows from it is a reaction for each.
inline constexpr int kMeasuredMax = 200;

// When a deal that stands in the stage is stale, if nothing happens about it; infinite where it
// never is: the stage has no rot_days, or is no open one.
absl::Time StaleTime(absl::Time last_activity, const v1::Stage& stage);

}  // namespace kith::deals
