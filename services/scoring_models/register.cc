// Everything that scoring models, scores and predictions bring to a server.
#include <memory>
#include <string>

#include "kith/scoring_models/v1/scores_service.pb.h"
#include "kith/scoring_models/v1/scoring_models_service.pb.h"
#include "projections/scoring_models/deal_outcomes.h"
#include "projections/scoring_models/lead_outcomes.h"
#include "projections/scoring_models/score_keeper.h"
#include "projections/scoring_models/score_rules.h"
#include "projections/scoring_models/scoring_model_directory.h"
#include "services/runtime/server_builder.h"
#include "services/scoring_models/predictions.h"
#include "services/scoring_models/score_commands.h"
#include "services/scoring_models/score_reads.h"
#include "services/scoring_models/scoring_dry_run.h"
#include "services/scoring_models/scoring_model.h"

namespace kith::scoring_models {

void Register(runtime::ServerBuilder& server) {
  server.AddResource<ScoringModelAggregate, v1::GetScoringModelRequest>(
      Rules(), std::make_unique<ScoringModelDirectory>());
  server.AddProjection(std::make_unique<DealOutcomes>());
  server.AddProjection(std::make_unique<LeadOutcomes>());
  server.RegisterEvents<v1::ScoreEvent>(ScoresAggregate::kCategory);
  for (const v1::ScoreTarget target : {v1::CONTACTS, v1::LEADS}) {
    server.AddPolicyOfDirectory(std::string(CollectionOf(target)),
                                [target](const projections::ResourceDirectory& directory) {
                                  return std::make_unique<ScoreKeeper>(target, directory);
                                });
  }
  server.Serve([&server](runtime::Runtime& runtime, runtime::MethodTable& methods) {
    const ScoreCommands commands(server.resources(), runtime);
    methods.Command<v1::SetScoreOverrideRequest, v1::ScoreOverride>(commands);
    methods.Command<v1::ClearScoreOverrideRequest, v1::ScoreOverride>(commands);
    methods.Command<v1::AdvanceScoringRequest, v1::AdvanceScoringResponse>(commands);
    methods.Command<v1::CrossScoreThresholdsRequest, v1::CrossScoreThresholdsResponse>(commands);
    BindReads(server.resources(), runtime, methods);
    BindPredictions(methods);
    BindDryRun(server.resources(), runtime, methods);
  });
}

}  // namespace kith::scoring_models
