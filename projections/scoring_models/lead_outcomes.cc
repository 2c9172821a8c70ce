#include "projections/scoring_models/lead_outcomes.h"

namespace kith::scoring_models {
namespace {

using leads::v1::Lead;

bool IsClosed(const Lead& lead) {
  return lead.status() == leads::v1::CONVERTED || lead.status() == leads::v1::DISQUALIFIED;
}

}  // namespace

std::string StepOf(const Lead& lead) {
  return leads::v1::LeadStatus_Name(lead.status() == leads::v1::RECYCLED ? leads::v1::NEW
                                                                         : lead.status());
}

// A closed lead does not say how far it had come; as it is closed, the lead before does.
RecordOutcomes::Standing LeadOutcomes::StandingOf(const Message* before,
                                                  const Message& after) const {
  const auto& lead = static_cast<const Lead&>(after);
  Standing standing{.outcome = Outcome::kOpen,
                    .record = lead.name(),
                    .pipeline = "",
                    .owner = lead.owner(),
                    .lost_at = ""};
  if (lead.status() == leads::v1::CONVERTED) standing.outcome = Outcome::kWon;
  if (lead.status() != leads::v1::DISQUALIFIED) return standing;
  standing.outcome = Outcome::kLost;
  const auto* const open = static_cast<const Lead*>(before);
  if (open != nullptr && !IsClosed(*open)) standing.lost_at = StepOf(*open);
  return standing;
}

}  // namespace kith::scoring_models
