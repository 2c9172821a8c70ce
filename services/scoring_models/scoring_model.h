// The scoring model: how records are scored by what is known of them and what happened. And what
// stands of scores in streams beside records and models, so that a score changes neither nor their
// etags.
//
// Pure: see services/core/decider.h.
#pragma once

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "kith/scoring_models/v1/score_events.pb.h"
#include "kith/scoring_models/v1/scores_service.pb.h"
#include "kith/scoring_models/v1/scoring_model.pb.h"
#include "kith/scoring_models/v1/scoring_model_events.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/resource_rules.h"

namespace kith::scoring_models {

struct ScoringModelAggregate : ResourceAggregate<v1::ScoringModel, v1::ScoringModelEvent> {
  static constexpr absl::string_view kCategory = "scoringModels";
};

const ResourceRules& Rules();

// Which scores of a record were set by hand, by model.
struct ScoresState {
  struct Override {
    int64_t score = 0;
    std::string etag;
  };
  std::map<std::string, Override> overrides;
};
struct ScoresAggregate {
  using State = ScoresState;
  using Event = v1::ScoreEvent;
  static constexpr absl::string_view kCategory = "scores";
};
ScoresState Evolve(ScoresState state, const Recorded<v1::ScoreEvent>& recorded);
// "contacts/01J…/scores", "scoringModels/01J…/scores".
std::string ScoresIn(absl::string_view record);

// Of a record and a model that are there. ERROR_ETAG_MISMATCH.
Decision Decide(const ScoresState& state, const v1::SetScoreOverrideRequest& command,
                const CommandContext& context);
Decision Decide(const ScoresState& state, const v1::ClearScoreOverrideRequest& command,
                const CommandContext& context);

}  // namespace kith::scoring_models
