#include "projections/scoring_models/scoring_model_directory.h"

#include "eventstore/base/normalise.h"

namespace kith::scoring_models {

using projections::Table;
using projections::TableBuilder;

const Table<v1::ScoringModel>& ScoringModelDirectory::ScoringModels() {
  static const auto& table = *new Table<v1::ScoringModel>(
      TableBuilder<v1::ScoringModel>(1)
          .Key([](const v1::ScoringModel& scoring_model) { return scoring_model.name(); })
          .Words([](const v1::ScoringModel& scoring_model, projections::WordSink& out) {
            out.Add(scoring_model.display_name());
          })
          .Field("display_name", {.normalise = FoldedName})
          .Alias()
          .Field("create_time")
          .Index(1, {"display_name"})
          .Index(2, {"create_time"})
          .Index(3, {"words"})
          .Build());
  return table;
}

}  // namespace kith::scoring_models
