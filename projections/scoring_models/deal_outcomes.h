// DealOutcomes: how many deals were won and lost, for each pipeline and team, and for everybody's
// in the pipeline: by source, product and type, and by the stage in which they were lost.
#pragma once

#include "projections/scoring_models/record_outcomes.h"

namespace kith::scoring_models {

// What a deal is counted by, beside its stage.
inline constexpr CountedField kDealFields[] = {{"source"}, {"product"}, {"type"}};
inline constexpr char kStageField[] = "stage";

class DealOutcomes final : public RecordOutcomes {
 public:
  static constexpr absl::string_view kName = "deal_outcomes";

  DealOutcomes() : RecordOutcomes(kName, 2, "deal_list", kDealFields, kStageField) {}

 private:
  Standing StandingOf(const Message* before, const Message& after) const override;
};

}  // namespace kith::scoring_models
