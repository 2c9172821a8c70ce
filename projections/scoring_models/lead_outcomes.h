// LeadOutcomes: how many leads were won, which is converted, and lost, which is disqualified, for
// each team and for everybody's: by source, rating, first campaign and tags, and by the status in
// which they were disqualified.
#pragma once

#include <string>

#include "kith/leads/v1/lead.pb.h"
#include "projections/scoring_models/record_outcomes.h"

namespace kith::scoring_models {

// What a lead is counted by, beside its status. A tag that few leads had would weigh too much, as a
// lead may have many.
inline constexpr CountedField kLeadFields[] = {
    {"source"}, {"rating"}, {"first_touch.campaign"}, {"tags", 50}};
inline constexpr char kStatusField[] = "status";

// How far an open lead is, from the beginning.
inline constexpr leads::v1::LeadStatus kLeadSteps[] = {leads::v1::NEW, leads::v1::ASSIGNED,
                                                       leads::v1::CONTACTED, leads::v1::NURTURING,
                                                       leads::v1::QUALIFIED};

// The step of an open lead, by its status' name; one that is recycled begins anew.
std::string StepOf(const leads::v1::Lead& lead);

class LeadOutcomes final : public RecordOutcomes {
 public:
  static constexpr absl::string_view kName = "lead_outcomes";

  LeadOutcomes() : RecordOutcomes(kName, 1, "lead_directory", kLeadFields, kStatusField) {}

 private:
  Standing StandingOf(const Message* before, const Message& after) const override;
};

}  // namespace kith::scoring_models
