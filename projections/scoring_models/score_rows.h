// The rows of the view of scores, of which there is one for each collection that models score: what
// is folded (score_keeper.h) and what is read. A model has two places for what its rules matched,
// because records move from its former rules to its present ones one after another. Pure functions,
// any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"
#include "kith/scoring_models/v1/score.pb.h"
#include "kith/scoring_models/v1/score_rows.pb.h"
#include "projections/engine/view_batch.h"
#include "projections/engine/view_snapshot.h"
#include "projections/tables/merged_names.h"
#include "projections/tables/table.h"

namespace kith::scoring_models {

// The view's name: "scores_contacts". It is the name of the policy, too.
std::string ScoresOf(absl::string_view collection);

// Of each workspace one row, by this key.
inline constexpr char kActiveKey[] = "active";
const projections::Table<v1::ActiveModels>& ActiveTable();
// By the model's name.
const projections::Table<v1::ModelRow>& ModelTable();
// By model and record, in that order: KeyOf. By index: model with score, owner and score, viewers,
// editors. The order by score is kept for the present only.
const projections::Table<v1::Score>& ScoreTable();
// By model and record.
const projections::Table<v1::KeptScore>& KeptTable();
// By model, place and record.
const projections::Table<v1::RecordMatches>& MatchesTable();
// By model, day and record.
const projections::Table<v1::DueScore>& DueTable();
// By contact. Of collections whose records name one.
const projections::Table<v1::RecordsOfContact>& ContactTable();
inline constexpr int kRecordsOfContactMax = 100;
// Those of any of the contact's names.
absl::StatusOr<std::vector<std::string>> RecordsNaming(projections::ViewBatch& batch,
                                                       WorkspaceId workspace,
                                                       const std::string& contact);
absl::StatusOr<std::vector<std::string>> RecordsNaming(const projections::ViewSnapshot& snapshot,
                                                       WorkspaceId workspace,
                                                       const std::string& contact);
// Which names contacts have, as the view remembers it.
const projections::MergedNames& ContactNames();
// In ScoreTable and KeptTable.
std::string ScoreKey(const std::string& model, const std::string& record);
// In DueTable, those of the model that are due by this day.
projections::KeyRange DueBy(const std::string& model, int64_t day);

// Rules that records are scored by.
struct RuleSet {
  const v1::ScoringModel& model;
  int64_t version;
  const std::string& etag;
  int32_t place;
};
// The model's present ones, and its former ones where there are some that still count.
std::vector<RuleSet> RuleSetsOf(const v1::ModelRow& row);
// Those of a score's version; null where they do not count any more.
const RuleSet* FindRuleSet(const std::vector<RuleSet>& sets, int64_t version);

// What the rules matched of a record; empty but for its key where they matched nothing.
absl::StatusOr<v1::RecordMatches> ReadMatches(projections::ViewBatch& batch, WorkspaceId workspace,
                                              const RuleSet& rules, const std::string& record);
absl::StatusOr<v1::RecordMatches> ReadMatches(const projections::ViewSnapshot& snapshot,
                                              WorkspaceId workspace, const RuleSet& rules,
                                              const std::string& record);

// The same of a record with all its names, its own first: of an interaction with several of them
// once, and of a rule that counts once the first.
absl::StatusOr<v1::RecordMatches> ReadAllMatches(projections::ViewBatch& batch,
                                                 WorkspaceId workspace, const RuleSet& rules,
                                                 const std::vector<std::string>& names);
absl::StatusOr<v1::RecordMatches> ReadAllMatches(const projections::ViewSnapshot& snapshot,
                                                 WorkspaceId workspace, const RuleSet& rules,
                                                 const std::vector<std::string>& names);

// What the record has by these rules on a day. `facts` are in `matches`.
v1::Score ScoreOn(const RuleSet& rules, const v1::RecordMatches& matches, const v1::KeptScore& kept,
                  int64_t day);

}  // namespace kith::scoring_models
