// The scoring model directory: which scoring models there are, and which of them have this name.
#pragma once

#include "kith/scoring_models/v1/scoring_model.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::scoring_models {

class ScoringModelDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "scoring_model_directory";

  // Beside every field: the words of the name. By index: these, display_name, create_time.
  // Names are compared by their normal forms.
  static const projections::Table<v1::ScoringModel>& ScoringModels();

  ScoringModelDirectory() : ResourceDirectory(kName, 1, "scoringModels", ScoringModels().core()) {}
};

}  // namespace kith::scoring_models
