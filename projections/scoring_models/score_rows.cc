#include "projections/scoring_models/score_rows.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/contacts/v1/contact.pb.h"
#include "projections/scoring_models/score_rules.h"
#include "projections/store/key_codec.h"

namespace kith::scoring_models {

using projections::KeyOf;
using projections::Table;
using projections::TableBuilder;

std::string ScoresOf(absl::string_view collection) { return absl::StrCat("scores_", collection); }

const Table<v1::ActiveModels>& ActiveTable() {
  static const auto& table = *new Table<v1::ActiveModels>(
      TableBuilder<v1::ActiveModels>(1)
          .Key([](const v1::ActiveModels&) -> std::string { return kActiveKey; })
          .Build());
  return table;
}

const Table<v1::ModelRow>& ModelTable() {
  static const auto& table =
      *new Table<v1::ModelRow>(TableBuilder<v1::ModelRow>(2)
                                   .Key([](const v1::ModelRow& row) { return row.model().name(); })
                                   .Build());
  return table;
}

const Table<v1::Score>& ScoreTable() {
  static const auto& table = *new Table<v1::Score>(
      TableBuilder<v1::Score>(3)
          .Key([](const v1::Score& score) { return ScoreKey(score.model(), score.record()); })
          .Field("model")
          .Field("record")
          .Field("owner")
          .Field("score")
          .Field("viewers")
          .Field("editors")
          .CurrentIndex(1, {"model", "score"})
          .CurrentIndex(2, {"model", "owner", "score"})
          .Index(3, {"model", "viewers"})
          .Index(4, {"model", "editors"})
          .Build());
  return table;
}

const Table<v1::KeptScore>& KeptTable() {
  static const auto& table = *new Table<v1::KeptScore>(
      TableBuilder<v1::KeptScore>(4)
          .Key([](const v1::KeptScore& kept) { return ScoreKey(kept.model(), kept.record()); })
          .Build());
  return table;
}

const Table<v1::RecordMatches>& MatchesTable() {
  static const auto& table =
      *new Table<v1::RecordMatches>(TableBuilder<v1::RecordMatches>(5)
                                        .Key([](const v1::RecordMatches& row) {
                                          return KeyOf(row.model(), row.place(), row.record());
                                        })
                                        .Build());
  return table;
}

const Table<v1::DueScore>& DueTable() {
  static const auto& table = *new Table<v1::DueScore>(
      TableBuilder<v1::DueScore>(6)
          .Key([](const v1::DueScore& due) { return KeyOf(due.model(), due.day(), due.record()); })
          .Build());
  return table;
}

const Table<v1::RecordsOfContact>& ContactTable() {
  static const auto& table = *new Table<v1::RecordsOfContact>(
      TableBuilder<v1::RecordsOfContact>(7)
          .Key([](const v1::RecordsOfContact& row) { return row.contact(); })
          .Build());
  return table;
}

std::string ScoreKey(const std::string& model, const std::string& record) {
  return KeyOf(model, record);
}

projections::KeyRange DueBy(const std::string& model, int64_t day) {
  return {.from = KeyOf(model), .to = KeyOf(model, day + 1)};
}

std::vector<RuleSet> RuleSetsOf(const v1::ModelRow& row) {
  std::vector<RuleSet> sets;
  if (row.version() == 0) return sets;
  sets.push_back({row.model(), row.version(), row.etag(), row.place()});
  if (row.former_version() != 0) {
    sets.push_back({row.former(), row.former_version(), row.former_etag(), 1 - row.place()});
  }
  return sets;
}

const RuleSet* FindRuleSet(const std::vector<RuleSet>& sets, int64_t version) {
  for (const RuleSet& rules : sets) {
    if (rules.version == version) return &rules;
  }
  return nullptr;
}

namespace {

// What stands in the place is of other rules where it has another version.
v1::RecordMatches OfRules(std::optional<v1::RecordMatches> found, const RuleSet& rules,
                          const std::string& record) {
  if (found.has_value() && found->version() == rules.version) return *std::move(found);
  v1::RecordMatches none;
  none.set_model(rules.model.name());
  none.set_place(rules.place);
  none.set_version(rules.version);
  none.set_record(record);
  return none;
}

std::string MatchesKey(const RuleSet& rules, const std::string& record) {
  return KeyOf(rules.model.name(), rules.place, record);
}

}  // namespace

absl::StatusOr<v1::RecordMatches> ReadMatches(projections::ViewBatch& batch, WorkspaceId workspace,
                                              const RuleSet& rules, const std::string& record) {
  KITH_ASSIGN_OR_RETURN(auto found,
                        MatchesTable().Get(batch, workspace, MatchesKey(rules, record)));
  return OfRules(std::move(found), rules, record);
}

absl::StatusOr<v1::RecordMatches> ReadMatches(const projections::ViewSnapshot& snapshot,
                                              WorkspaceId workspace, const RuleSet& rules,
                                              const std::string& record) {
  KITH_ASSIGN_OR_RETURN(auto found,
                        MatchesTable().Get(snapshot, workspace, MatchesKey(rules, record),
                                           eventstore::ReadTier::kDisk));
  return OfRules(std::move(found), rules, record);
}

namespace {

template <class View>
absl::StatusOr<v1::RecordMatches> ReadAll(View& view, WorkspaceId workspace, const RuleSet& rules,
                                          const std::vector<std::string>& names) {
  KITH_ASSIGN_OR_RETURN(v1::RecordMatches all, ReadMatches(view, workspace, rules, names.front()));
  for (size_t i = 1; i < names.size(); ++i) {
    KITH_ASSIGN_OR_RETURN(const v1::RecordMatches others,
                          ReadMatches(view, workspace, rules, names[i]));
    AddMatches(rules.model, others, all);
  }
  return all;
}

}  // namespace

absl::StatusOr<v1::RecordMatches> ReadAllMatches(projections::ViewBatch& batch,
                                                 WorkspaceId workspace, const RuleSet& rules,
                                                 const std::vector<std::string>& names) {
  return ReadAll(batch, workspace, rules, names);
}

absl::StatusOr<v1::RecordMatches> ReadAllMatches(const projections::ViewSnapshot& snapshot,
                                                 WorkspaceId workspace, const RuleSet& rules,
                                                 const std::vector<std::string>& names) {
  return ReadAll(snapshot, workspace, rules, names);
}

const projections::MergedNames& ContactNames() {
  static const auto& names = *new projections::MergedNames(
      contacts::v1::Contact::default_instance(), projections::kPolicyNamesTable);
  return names;
}

namespace {

// `more` is what a read of the view needs besides a key.
template <class View, class... More>
absl::StatusOr<std::vector<std::string>> Naming(View& view, WorkspaceId workspace,
                                                const std::string& contact, More... more) {
  std::vector<std::string> records;
  KITH_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                        ContactNames().AllOf(view, workspace, contact, more...));
  for (const std::string& name : names) {
    KITH_ASSIGN_OR_RETURN(const auto row, ContactTable().Get(view, workspace, name, more...));
    if (!row.has_value()) continue;
    records.insert(records.end(), row->records().begin(), row->records().end());
  }
  return records;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> RecordsNaming(projections::ViewBatch& batch,
                                                       WorkspaceId workspace,
                                                       const std::string& contact) {
  return Naming(batch, workspace, contact);
}

absl::StatusOr<std::vector<std::string>> RecordsNaming(const projections::ViewSnapshot& snapshot,
                                                       WorkspaceId workspace,
                                                       const std::string& contact) {
  return Naming(snapshot, workspace, contact, eventstore::ReadTier::kDisk);
}

v1::Score ScoreOn(const RuleSet& rules, const v1::RecordMatches& matches, const v1::KeptScore& kept,
                  int64_t day) {
  Tally tally = TallyOf(rules.model, matches, day);
  v1::Score score;
  score.set_model(rules.model.name());
  score.set_record(matches.record());
  score.set_owner(matches.facts().owner());
  *score.mutable_viewers() = matches.facts().viewers();
  *score.mutable_editors() = matches.facts().editors();
  score.set_automatic_score(tally.score);
  score.set_overridden(kept.overridden());
  score.set_score(kept.overridden() ? kept.score() : tally.score);
  for (v1::GroupScore& group : tally.groups) *score.add_groups() = std::move(group);
  *score.mutable_reached() = kept.reached();
  score.set_version(rules.version);
  score.set_model_etag(rules.etag);
  return score;
}

}  // namespace kith::scoring_models
