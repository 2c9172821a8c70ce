// ScoreFold: what one event makes of scores. Pure; see score_keeper.h.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/log/event_registry.h"
#include "kith/scoring_models/v1/score_events.pb.h"
#include "kith/scoring_models/v1/score_rows.pb.h"
#include "kith/scoring_models/v1/scores_service.pb.h"
#include "projections/engine/view_batch.h"
#include "projections/reactions/policy.h"
#include "projections/scoring_models/score_rows.h"
#include "projections/scoring_models/scored_event.h"
#include "projections/tables/merged_names.h"
#include "projections/tables/table_core.h"

namespace kith::scoring_models {

// What is scored.
struct ScoredCollection {
  v1::ScoreTarget target;
  const std::string& prefix;  // "contacts/"
  const projections::TableDeclaration& table;
  const projections::MergedNames& names;  // of contacts
};

// Lives for one event. Borrows what it is made of.
class ScoreFold {
 public:
  ScoreFold(const eventstore::RecordedEvent& event, const ScoredCollection& collection,
            projections::ViewBatch& batch, projections::Reactions& reactions);

  // Of an event of a model, of scores, or one that rules may be about.
  absl::Status FollowModel();
  absl::Status FollowScores();
  absl::Status FollowScored();
  // What became of a record.
  absl::Status FollowRecord(const projections::RowChange& change);
  // The event says that one was merged into another, or taken out again. Before what became of the
  // records.
  absl::Status FollowNames();
  // Asks for what was gathered: once for all records, as an event may have only so many reactions.
  absl::Status Finish();

 private:
  // Whether thresholds that a score reaches are told; those of the past are not.
  enum class Telling { kTold, kSilent };

  absl::StatusOr<v1::ModelRow> ReadModel(const std::string& model);
  absl::StatusOr<v1::ActiveModels> ReadActive();
  absl::Status WriteActive(const v1::ModelRow& row, bool is_there);

  // Rules that were saved begin to count: for what comes at once, for each record when its turn has
  // come.
  absl::Status BeginRules(v1::ScoringModel before, v1::ModelRow& row, bool is_anew);
  absl::Status Count(const v1::ModelRow& row, const ScoredEvent& happened);
  // A record names this contact, or does so no more.
  absl::Status Name(const std::string& contact, const std::string& record, bool is_named);

  absl::Status FollowRemoval(const v1::ModelRow& row, const std::string& record);
  absl::Status FollowArrival(const v1::ModelRow& row, const std::string& record,
                             const google::protobuf::Message& after);
  absl::Status FollowUpdate(const v1::ModelRow& row, const std::string& record,
                            const google::protobuf::Message& after);

  // Those whose names are others have another score.
  absl::Status UpdateRenamed();

  absl::Status FollowOverride(const std::string& model, const std::string& record,
                              const v1::ScoreOverrideSet* set);
  absl::Status FollowPast(const v1::PastMatchesFound& found);
  absl::Status FollowRecords(const v1::RecordsScored& scored);
  absl::Status FollowRefreshed(const v1::ScoresRefreshed& refreshed);

  // Brings a record's score in line with what the rules by which it is scored matched of it. `own`
  // is what they matched under one name of the record.
  absl::Status Update(const v1::ModelRow& row, const RuleSet& rules, const v1::RecordMatches& own,
                      Telling telling);
  // The same of a record whose score there is; nothing where there is none.
  absl::Status UpdateKnown(const v1::ModelRow& row, const std::string& record);
  // Which thresholds are crossed, as a request. Those that count as told are kept; `reached` are
  // those of all names of the record.
  v1::CrossScoreThresholdsRequest Cross(const v1::ScoringModel& model, const v1::Score* before,
                                        const v1::Score& after, Telling telling,
                                        v1::KeptScore& kept,
                                        std::vector<std::string>& reached) const;
  absl::Status SetDue(const std::string& record, int64_t day, v1::KeptScore& kept);
  absl::StatusOr<v1::KeptScore> ReadKept(const std::string& model, const std::string& record);

  const eventstore::RecordedEvent& event_;
  const eventstore::EventHeader& header_;
  const WorkspaceId workspace_;
  const ScoredCollection collection_;
  projections::ViewBatch& batch_;
  projections::Reactions& reactions_;
  int64_t day_;                                    // on which scores are made
  std::set<std::pair<std::string, int64_t>> due_;  // models, and days that timers are to be set for
  std::map<std::string, std::vector<v1::CrossScoreThresholdsRequest>> crossed_;  // by model
  std::vector<std::string> renamed_;  // records that have a name more or less
};

}  // namespace kith::scoring_models
