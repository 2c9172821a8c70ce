// Commands on scores: setting one by hand, and what Kith does by itself: asking rules of what was
// there before them, making anew what lapses, and saying that thresholds were reached.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kith/scoring_models/v1/scores_service.pb.h"
#include "projections/scoring_models/scored_event.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"
#include "services/scoring_models/scoring_model.h"

namespace kith::scoring_models {

// Thread-safe. See MethodTable::Command.
class ScoreCommands {
 public:
  // Borrows the runtime. `resources` are all that the server has.
  ScoreCommands(std::vector<runtime::ResourceType> resources, const runtime::Runtime& runtime);

  Decision Run(runtime::Loader& load, const v1::SetScoreOverrideRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::ClearScoreOverrideRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::AdvanceScoringRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::CrossScoreThresholdsRequest& command,
               const CommandContext& context) const;

  absl::Status Render(runtime::Rendering& after, const v1::SetScoreOverrideRequest& command,
                      v1::ScoreOverride* response) const;
  absl::Status Render(runtime::Rendering&, const v1::ClearScoreOverrideRequest&,
                      v1::ScoreOverride*) const {
    return absl::OkStatus();
  }
  absl::Status Render(runtime::Rendering&, const v1::AdvanceScoringRequest&,
                      v1::AdvanceScoringResponse*) const {
    return absl::OkStatus();
  }
  absl::Status Render(runtime::Rendering&, const v1::CrossScoreThresholdsRequest&,
                      v1::CrossScoreThresholdsResponse*) const {
    return absl::OkStatus();
  }

 private:
  template <class Command>
  Decision RunOverride(runtime::Loader& load, const Command& command,
                       const CommandContext& context) const;
  // Each some of what is to be done, as an event of the model's scores.
  absl::StatusOr<v1::ScoreEvent> FindPastMatches(const runtime::Loader& load,
                                                 const v1::ScoringModel& model,
                                                 const v1::FindPastMatchesStep& step) const;
  absl::StatusOr<v1::ScoreEvent> ScoreRecords(const runtime::Loader& load,
                                              const v1::ScoringModel& model,
                                              const v1::ScoreRecordsStep& step,
                                              absl::Time now) const;
  absl::StatusOr<v1::ScoreEvent> RefreshScores(const runtime::Loader& load,
                                               const v1::ScoringModel& model,
                                               const v1::RefreshScoresStep& step) const;

  // Who of the model's records what happened is about: of what a contact did, those that name it.
  absl::Status PutRecords(const runtime::Loader& load, const v1::ScoringModel& model,
                          ScoredEvent& happened) const;

  // Of what is scored; null where the server has no such resource.
  const runtime::ResourceType* TypeOf(const v1::ScoringModel& model) const;
  // Whether the model scores such records.
  bool IsScored(const v1::ScoringModel& model, absl::string_view record) const;

  const std::vector<runtime::ResourceType> resources_;
  const runtime::Runtime& runtime_;
};

// SCORING_MODELS_ERROR_RECORD_NOT_FOUND.
absl::Status RecordNotFound(absl::string_view record);

}  // namespace kith::scoring_models
