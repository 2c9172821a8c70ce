#include "projections/scoring_models/deal_outcomes.h"

#include "kith/deals/v1/deal.pb.h"

namespace kith::scoring_models {

// The stage before the last is where a deal was lost.
RecordOutcomes::Standing DealOutcomes::StandingOf(const Message* /*before*/,
                                                  const Message& after) const {
  const auto& deal = static_cast<const deals::v1::Deal&>(after);
  Standing standing{.outcome = Outcome::kOpen,
                    .record = deal.name(),
                    .pipeline = deal.pipeline(),
                    .owner = deal.owner(),
                    .lost_at = ""};
  if (deal.status() == deals::v1::WON) standing.outcome = Outcome::kWon;
  if (deal.status() != deals::v1::LOST) return standing;
  standing.outcome = Outcome::kLost;
  const int stays = deal.stage_intervals_size();
  if (stays > 1) standing.lost_at = deal.stage_intervals(stays - 2).stage();
  return standing;
}

}  // namespace kith::scoring_models
