#include "projections/scoring_models/score_fold.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/standard_events.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/clock_lag.h"
#include "google/protobuf/util/message_differencer.h"
#include "kith/scoring_models/v1/scoring_model_events.pb.h"
#include "projections/scoring_models/score_rules.h"
#include "projections/store/key_codec.h"
#include "projections/tables/fold_resource.h"

namespace kith::scoring_models {
namespace {

using google::protobuf::Message;
using google::protobuf::RepeatedPtrField;
using google::protobuf::util::MessageDifferencer;
using projections::KeyOf;

// Of one workspace so many models count, whatever was brought back.
constexpr int kActiveMax = 20;
// Crossings that are said in one append.
constexpr size_t kCrossingsMax = 50;
// What happened so long before it was recorded is told late.
constexpr absl::Duration kNewsMax = absl::Hours(24);

template <class Part>
bool AreSame(const RepeatedPtrField<Part>& a, const RepeatedPtrField<Part>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Part& one, const Part& other) {
    return MessageDifferencer::Equals(one, other);
  });
}

// Whether records are scored alike by both.
bool AreRulesSame(const v1::ScoringModel& a, const v1::ScoringModel& b) {
  return AreSame(a.rules(), b.rules()) && AreSame(a.groups(), b.groups());
}

template <class Texts>
bool Has(const Texts& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

// The contact that a record names; empty where it names none, or its kind never does.
std::string ContactOf(const Message* record) {
  if (record == nullptr) return "";
  const auto* const field = record->GetDescriptor()->FindFieldByName("contact");
  return field == nullptr ? "" : record->GetReflection()->GetString(*record, field);
}

v1::AdvanceScoringRequest FindPast(const v1::ModelRow& row, int64_t after) {
  v1::AdvanceScoringRequest request;
  request.set_model(row.model().name());
  request.mutable_find_past_matches()->set_version(row.version());
  request.mutable_find_past_matches()->set_after_sequence(after);
  return request;
}

v1::AdvanceScoringRequest ScoreRecords(const v1::ModelRow& row, const std::string& after) {
  v1::AdvanceScoringRequest request;
  request.set_model(row.model().name());
  request.mutable_score_records()->set_version(row.version());
  request.mutable_score_records()->set_after(after);
  return request;
}

v1::AdvanceScoringRequest Refresh(const std::string& model, int64_t day) {
  v1::AdvanceScoringRequest request;
  request.set_model(model);
  request.mutable_refresh_scores()->set_day(day);
  return request;
}

// It goes on with what began, and is no deeper than that.
const projections::Reactions::Terms kContinues = {.continues = true};

}  // namespace

ScoreFold::ScoreFold(const eventstore::RecordedEvent& event, const ScoredCollection& collection,
                     projections::ViewBatch& batch, projections::Reactions& reactions)
    : event_(event),
      header_(event.header()),
      workspace_(event.header().workspace),
      collection_(collection),
      batch_(batch),
      reactions_(reactions),
      day_(DayOf(event.header().record_time)) {}

absl::StatusOr<v1::ModelRow> ScoreFold::ReadModel(const std::string& model) {
  KITH_ASSIGN_OR_RETURN(auto row, ModelTable().Get(batch_, workspace_, model));
  return row.has_value() ? *std::move(row) : v1::ModelRow();
}

absl::StatusOr<v1::ActiveModels> ScoreFold::ReadActive() {
  KITH_ASSIGN_OR_RETURN(auto row, ActiveTable().Get(batch_, workspace_, kActiveKey));
  return row.has_value() ? *std::move(row) : v1::ActiveModels();
}

absl::Status ScoreFold::WriteActive(const v1::ModelRow& row, bool is_there) {
  KITH_ASSIGN_OR_RETURN(v1::ActiveModels active, ReadActive());
  auto& list = *active.mutable_models();
  const std::string& name = row.model().name();
  const auto place =
      std::find_if(list.begin(), list.end(), [&](const auto& one) { return one.model() == name; });
  v1::ActiveModel one;
  one.set_model(name);
  one.set_kinds(KindsOf(row.model()) | KindsOf(row.former()));
  if (place != list.end() && is_there) {
    *place = std::move(one);
  } else if (place != list.end()) {
    list.erase(place);
  } else if (is_there && list.size() < kActiveMax) {
    *list.Add() = std::move(one);
  } else {
    return absl::OkStatus();
  }
  return ActiveTable().Put(batch_, workspace_, active);
}

absl::StatusOr<v1::KeptScore> ScoreFold::ReadKept(const std::string& model,
                                                  const std::string& record) {
  KITH_ASSIGN_OR_RETURN(auto found, KeptTable().Get(batch_, workspace_, ScoreKey(model, record)));
  v1::KeptScore kept = found.has_value() ? *std::move(found) : v1::KeptScore();
  kept.set_model(model);
  kept.set_record(record);
  return kept;
}

// --- Models

absl::Status ScoreFold::FollowModel() {
  KITH_ASSIGN_OR_RETURN(v1::ModelRow row, ReadModel(header_.stream));
  const v1::ScoringModel before = row.model();
  const StandardEvent kind =
      FoldStandardEvent(projections::HappeningOf(event_), *row.mutable_model());
  if (row.model().target() != collection_.target) return absl::OkStatus();
  if (kind == StandardEvent::kDeleted) {
    KITH_RETURN_IF_ERROR(WriteActive(row, false));
    row.set_is_new(false);
    row.clear_former();
    row.clear_former_version();
    return ModelTable().Put(batch_, workspace_, row);
  }
  const bool is_anew = kind == StandardEvent::kCreated || kind == StandardEvent::kUndeleted;
  if (is_anew || !AreRulesSame(before, row.model())) {
    KITH_RETURN_IF_ERROR(BeginRules(before, row, is_anew));
  }
  return ModelTable().Put(batch_, workspace_, row);
}

absl::Status ScoreFold::BeginRules(v1::ScoringModel before, v1::ModelRow& row, bool is_anew) {
  if (is_anew) {
    row.clear_former();
    row.clear_former_version();
    row.set_valid_from(static_cast<int64_t>(header_.sequence.value()));
  } else if (!row.is_new()) {
    // Where records are still being scored by the present ones, those before them count on.
    *row.mutable_former() = std::move(before);
    row.set_former_version(row.version());
    row.set_former_etag(row.etag());
    row.set_place(1 - row.place());
  }
  row.set_version(static_cast<int64_t>(header_.sequence.value()));
  row.set_etag(row.model().etag());
  row.set_is_new(true);
  row.set_has_past(false);
  KITH_RETURN_IF_ERROR(WriteActive(row, true));
  const v1::AdvanceScoringRequest request = FindPast(row, 0);
  return reactions_.Add({&request}, kContinues);
}

// --- What happens

absl::Status ScoreFold::FollowScored() {
  KITH_ASSIGN_OR_RETURN(const v1::ActiveModels active, ReadActive());
  const absl::string_view category = eventstore::CategoryOf(header_.stream);
  std::optional<ScoredEvent> happened;
  for (const v1::ActiveModel& one : active.models()) {
    if (!LooksAtCategory(one.kinds(), category)) continue;
    if (!happened.has_value()) {
      happened = ScoredEventOf(event_, collection_.prefix);
      if (!happened.has_value()) return absl::OkStatus();
      if (happened->engagement != v1::ENGAGEMENT_KIND_UNSPECIFIED &&
          collection_.target != v1::CONTACTS) {
        KITH_ASSIGN_OR_RETURN(happened->records,
                              RecordsNaming(batch_, workspace_, happened->records.front()));
      }
    }
    if (!LooksAt(one.kinds(), *happened)) continue;
    KITH_ASSIGN_OR_RETURN(const v1::ModelRow row, ReadModel(one.model()));
    KITH_RETURN_IF_ERROR(Count(row, *happened));
  }
  return absl::OkStatus();
}

absl::Status ScoreFold::Count(const v1::ModelRow& row, const ScoredEvent& happened) {
  for (const RuleSet& rules : RuleSetsOf(row)) {
    std::vector<const v1::ScoringRule*> matching;
    for (const v1::ScoringRule& rule : rules.model.rules()) {
      if (Matches(rule, happened, header_.record_time)) matching.push_back(&rule);
    }
    if (matching.empty() && !happened.retracts_since.has_value()) continue;
    for (const std::string& record : happened.records) {
      KITH_ASSIGN_OR_RETURN(v1::RecordMatches matches,
                            ReadMatches(batch_, workspace_, rules, record));
      bool is_other = happened.retracts_since.has_value() &&
                      RetractClicks(rules.model, happened.match.interaction(),
                                    *happened.retracts_since, matches);
      for (const v1::ScoringRule* const rule : matching) {
        is_other = AddMatch(*rule, happened.match, matches) || is_other;
      }
      if (!is_other) continue;
      MatchesTable().Set(batch_, workspace_, matches);
      KITH_ASSIGN_OR_RETURN(const std::string survivor,
                            collection_.names.SurvivorOf(batch_, workspace_, record));
      KITH_ASSIGN_OR_RETURN(
          const auto score,
          ScoreTable().Get(batch_, workspace_, ScoreKey(row.model().name(), survivor)));
      if (!score.has_value() || score->version() != rules.version) continue;
      KITH_RETURN_IF_ERROR(Update(row, rules, matches, Telling::kTold));
    }
  }
  return absl::OkStatus();
}

absl::Status ScoreFold::Name(const std::string& contact, const std::string& record, bool is_named) {
  if (contact.empty()) return absl::OkStatus();
  return ContactTable().Change(batch_, workspace_, contact, [&](v1::RecordsOfContact& row) {
    row.set_contact(contact);
    auto& records = *row.mutable_records();
    records.erase(std::remove(records.begin(), records.end(), record), records.end());
    if (is_named && records.size() < kRecordsOfContactMax) *records.Add() = record;
    return !records.empty();
  });
}

// --- Records

absl::Status ScoreFold::FollowRecord(const projections::RowChange& change) {
  const auto* const before = change.before<Message>();
  const auto* const after = change.after<Message>();
  const std::string record = collection_.table.key(after == nullptr ? *before : *after);
  const std::string named_before = ContactOf(before);
  const std::string named_after = ContactOf(after);
  if (named_before != named_after) {
    KITH_RETURN_IF_ERROR(Name(named_before, record, false));
    KITH_RETURN_IF_ERROR(Name(named_after, record, true));
  }
  KITH_ASSIGN_OR_RETURN(const v1::ActiveModels active, ReadActive());
  if (active.models().empty()) return absl::OkStatus();
  for (const v1::ActiveModel& one : active.models()) {
    KITH_ASSIGN_OR_RETURN(const v1::ModelRow row, ReadModel(one.model()));
    if (after == nullptr) {
      KITH_RETURN_IF_ERROR(FollowRemoval(row, record));
    } else if (before == nullptr) {
      KITH_RETURN_IF_ERROR(FollowArrival(row, record, *after));
    } else {
      KITH_RETURN_IF_ERROR(FollowUpdate(row, record, *after));
    }
  }
  return absl::OkStatus();
}

absl::Status ScoreFold::FollowRemoval(const v1::ModelRow& row, const std::string& record) {
  for (const RuleSet& rules : RuleSetsOf(row)) {
    KITH_ASSIGN_OR_RETURN(v1::RecordMatches matches,
                          ReadMatches(batch_, workspace_, rules, record));
    matches.set_is_gone(true);
    MatchesTable().Set(batch_, workspace_, matches);
  }
  KITH_ASSIGN_OR_RETURN(v1::KeptScore kept, ReadKept(row.model().name(), record));
  KITH_RETURN_IF_ERROR(SetDue(record, 0, kept));
  KITH_RETURN_IF_ERROR(KeptTable().Put(batch_, workspace_, kept));
  return ScoreTable().Delete(batch_, workspace_, ScoreKey(row.model().name(), record));
}

absl::Status ScoreFold::FollowArrival(const v1::ModelRow& row, const std::string& record,
                                      const Message& after) {
  const bool is_new = header_.stream == record && header_.revision == Revision(1);
  const std::vector<RuleSet> sets = RuleSetsOf(row);
  for (const RuleSet& rules : sets) {
    KITH_ASSIGN_OR_RETURN(v1::RecordMatches matches,
                          ReadMatches(batch_, workspace_, rules, record));
    matches.set_is_gone(false);
    *matches.mutable_facts() = FactsOf(rules.model, collection_.table, after, header_.record_time);
    MatchesTable().Set(batch_, workspace_, matches);
    // All that happened with a new record comes after it. One that is brought back has its turn
    // still to come while the rules are asked of the past.
    const bool is_whole = is_new || !row.is_new() || row.has_past();
    if (rules.version == (is_whole ? row.version() : row.former_version())) {
      KITH_RETURN_IF_ERROR(Update(row, rules, matches, is_new ? Telling::kTold : Telling::kSilent));
    }
  }
  return absl::OkStatus();
}

absl::Status ScoreFold::FollowUpdate(const v1::ModelRow& row, const std::string& record,
                                     const Message& after) {
  for (const RuleSet& rules : RuleSetsOf(row)) {
    KITH_ASSIGN_OR_RETURN(v1::RecordMatches matches,
                          ReadMatches(batch_, workspace_, rules, record));
    v1::RecordFacts facts = FactsOf(rules.model, collection_.table, after, header_.record_time);
    if (matches.has_facts() && MessageDifferencer::Equals(matches.facts(), facts)) continue;
    *matches.mutable_facts() = std::move(facts);
    MatchesTable().Set(batch_, workspace_, matches);
  }
  return UpdateKnown(row, record);
}

absl::Status ScoreFold::FollowNames() {
  const projections::MergedNames& names = collection_.names;
  const std::string record = header_.stream;
  KITH_ASSIGN_OR_RETURN(renamed_.emplace_back(), names.SurvivorOf(batch_, workspace_, record));
  KITH_RETURN_IF_ERROR(names.Follow(event_, batch_));
  KITH_ASSIGN_OR_RETURN(renamed_.emplace_back(), names.SurvivorOf(batch_, workspace_, record));
  return absl::OkStatus();
}

absl::Status ScoreFold::UpdateRenamed() {
  if (renamed_.empty()) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const v1::ActiveModels active, ReadActive());
  for (const v1::ActiveModel& one : active.models()) {
    KITH_ASSIGN_OR_RETURN(const v1::ModelRow row, ReadModel(one.model()));
    for (const std::string& record : renamed_) KITH_RETURN_IF_ERROR(UpdateKnown(row, record));
  }
  return absl::OkStatus();
}

// --- Scores

absl::Status ScoreFold::FollowScores() {
  const auto& happened = static_cast<const v1::ScoreEvent&>(*event_.event);
  switch (happened.event_case()) {
    case v1::ScoreEvent::kScoreOverrideSet: {
      const v1::ScoreOverrideSet& set = happened.score_override_set();
      return FollowOverride(set.model(), set.record(), &set);
    }
    case v1::ScoreEvent::kScoreOverrideCleared: {
      const v1::ScoreOverrideCleared& cleared = happened.score_override_cleared();
      return FollowOverride(cleared.model(), cleared.record(), nullptr);
    }
    case v1::ScoreEvent::kPastMatchesFound:
      return FollowPast(happened.past_matches_found());
    case v1::ScoreEvent::kRecordsScored:
      return FollowRecords(happened.records_scored());
    case v1::ScoreEvent::kScoresRefreshed:
      return FollowRefreshed(happened.scores_refreshed());
    case v1::ScoreEvent::kScoreThresholdCrossed:
    case v1::ScoreEvent::EVENT_NOT_SET:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::Status ScoreFold::FollowOverride(const std::string& model, const std::string& record,
                                       const v1::ScoreOverrideSet* set) {
  if (!absl::StartsWith(record, collection_.prefix)) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const v1::ModelRow row, ReadModel(model));
  if (row.version() == 0) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(v1::KeptScore kept, ReadKept(model, record));
  kept.set_overridden(set != nullptr);
  kept.set_score(set == nullptr ? 0 : set->score());
  kept.set_override_sequence(set == nullptr ? 0 : static_cast<int64_t>(header_.sequence.value()));
  KITH_RETURN_IF_ERROR(KeptTable().Put(batch_, workspace_, kept));
  return UpdateKnown(row, record);
}

absl::Status ScoreFold::FollowPast(const v1::PastMatchesFound& found) {
  KITH_ASSIGN_OR_RETURN(v1::ModelRow row, ReadModel(found.model()));
  // Of rules that were replaced meanwhile nothing is wanted any more.
  if (row.version() != found.version() || !row.is_new() || row.has_past()) return absl::OkStatus();
  const std::vector<RuleSet> sets = RuleSetsOf(row);
  const RuleSet& rules = sets.front();
  std::map<std::string, std::vector<const v1::RecordMatch*>> by_record;
  for (const v1::RecordMatch& match : found.matches()) by_record[match.record()].push_back(&match);
  for (const auto& [record, list] : by_record) {
    KITH_ASSIGN_OR_RETURN(v1::RecordMatches matches,
                          ReadMatches(batch_, workspace_, rules, record));
    for (const v1::RecordMatch* const one : list) {
      if (one->has_retracts_since()) {
        RetractClicks(rules.model, one->interaction(), FromTimestamp(one->retracts_since()),
                      matches);
        continue;
      }
      const auto rule = std::find_if(rules.model.rules().begin(), rules.model.rules().end(),
                                     [&](const auto& each) { return each.id() == one->rule(); });
      if (rule == rules.model.rules().end()) continue;
      v1::Match match;
      match.set_sequence(one->sequence());
      *match.mutable_occur_time() = one->occur_time();
      match.set_interaction(one->interaction());
      AddMatch(*rule, std::move(match), matches);
    }
    MatchesTable().Set(batch_, workspace_, matches);
  }
  if (!found.is_end()) {
    const v1::AdvanceScoringRequest request = FindPast(row, found.to_sequence());
    return reactions_.Add({&request}, kContinues);
  }
  row.set_has_past(true);
  KITH_RETURN_IF_ERROR(ModelTable().Put(batch_, workspace_, row));
  const v1::AdvanceScoringRequest request = ScoreRecords(row, "");
  return reactions_.Add({&request}, kContinues);
}

absl::Status ScoreFold::FollowRecords(const v1::RecordsScored& scored) {
  KITH_ASSIGN_OR_RETURN(v1::ModelRow row, ReadModel(scored.model()));
  if (row.version() != scored.version() || !row.is_new() || !row.has_past()) {
    return absl::OkStatus();
  }
  const std::vector<RuleSet> sets = RuleSetsOf(row);
  const RuleSet& rules = sets.front();
  for (const v1::RecordFacts& facts : scored.records()) {
    KITH_ASSIGN_OR_RETURN(v1::RecordMatches matches,
                          ReadMatches(batch_, workspace_, rules, facts.record()));
    if (matches.is_gone()) continue;
    // What was seen of the record since the rules were saved is newer.
    if (!matches.has_facts()) *matches.mutable_facts() = facts;
    MatchesTable().Set(batch_, workspace_, matches);
    KITH_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          collection_.names.AllOf(batch_, workspace_, facts.record()));
    for (const std::string& name : names) {
      KITH_RETURN_IF_ERROR(
          MatchesTable().Delete(batch_, workspace_, KeyOf(scored.model(), 1 - rules.place, name)));
    }
    KITH_RETURN_IF_ERROR(Update(row, rules, matches, Telling::kSilent));
  }
  if (!scored.is_end() && !scored.records().empty()) {
    const v1::AdvanceScoringRequest request =
        ScoreRecords(row, scored.records().rbegin()->record());
    return reactions_.Add({&request}, kContinues);
  }
  row.set_is_new(false);
  row.clear_former();
  row.clear_former_version();
  row.clear_former_etag();
  KITH_RETURN_IF_ERROR(WriteActive(row, true));
  return ModelTable().Put(batch_, workspace_, row);
}

absl::Status ScoreFold::FollowRefreshed(const v1::ScoresRefreshed& refreshed) {
  KITH_ASSIGN_OR_RETURN(const v1::ModelRow row, ReadModel(refreshed.model()));
  if (row.version() == 0) return absl::OkStatus();
  day_ = std::max(day_, refreshed.day());
  for (const std::string& record : refreshed.records()) {
    KITH_RETURN_IF_ERROR(UpdateKnown(row, record));
  }
  if (refreshed.is_end()) return absl::OkStatus();
  const v1::AdvanceScoringRequest request = Refresh(refreshed.model(), refreshed.day());
  return reactions_.Add({&request}, kContinues);
}

// --- One score

absl::Status ScoreFold::UpdateKnown(const v1::ModelRow& row, const std::string& record) {
  const std::string key = ScoreKey(row.model().name(), record);
  KITH_ASSIGN_OR_RETURN(const auto score, ScoreTable().Get(batch_, workspace_, key));
  const std::vector<RuleSet> sets = RuleSetsOf(row);
  const RuleSet* const rules = score.has_value() ? FindRuleSet(sets, score->version()) : nullptr;
  if (rules == nullptr) {
    // Nothing lapses of what does not count.
    KITH_ASSIGN_OR_RETURN(v1::KeptScore kept, ReadKept(row.model().name(), record));
    if (kept.next_day() == 0) return absl::OkStatus();
    KITH_RETURN_IF_ERROR(SetDue(record, 0, kept));
    return KeptTable().Put(batch_, workspace_, kept);
  }
  KITH_ASSIGN_OR_RETURN(const v1::RecordMatches matches,
                        ReadMatches(batch_, workspace_, *rules, record));
  return Update(row, *rules, matches, Telling::kTold);
}

absl::Status ScoreFold::Update(const v1::ModelRow& row, const RuleSet& rules,
                               const v1::RecordMatches& own, Telling telling) {
  KITH_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                        collection_.names.AllOf(batch_, workspace_, own.record()));
  const std::string& record = names.front();
  std::optional<v1::RecordMatches> all;
  if (names.size() > 1) {
    KITH_ASSIGN_OR_RETURN(all, ReadAllMatches(batch_, workspace_, rules, names));
  }
  const v1::RecordMatches& matches = all.has_value() ? *all : own;
  KITH_ASSIGN_OR_RETURN(const auto before,
                        ScoreTable().Get(batch_, workspace_, ScoreKey(row.model().name(), record)));
  KITH_ASSIGN_OR_RETURN(v1::KeptScore kept, ReadKept(row.model().name(), record));
  v1::Score after = ScoreOn(rules, matches, kept, day_);
  std::vector<std::string> reached(kept.reached().begin(), kept.reached().end());
  for (size_t i = 1; i < names.size(); ++i) {
    KITH_ASSIGN_OR_RETURN(const v1::KeptScore other, ReadKept(row.model().name(), names[i]));
    for (const std::string& threshold : other.reached()) {
      if (!Has(reached, threshold)) reached.push_back(threshold);
    }
  }
  v1::CrossScoreThresholdsRequest crossing =
      Cross(row.model(), before.has_value() ? &*before : nullptr, after, telling, kept, reached);
  if (!crossing.crossings().empty()) crossed_[row.model().name()].push_back(std::move(crossing));
  after.mutable_reached()->Assign(reached.begin(), reached.end());
  KITH_RETURN_IF_ERROR(SetDue(record, TallyOf(rules.model, matches, day_).next_day, kept));
  KITH_RETURN_IF_ERROR(KeptTable().Put(batch_, workspace_, kept));
  if (before.has_value()) *after.mutable_update_time() = before->update_time();
  if (before.has_value() && MessageDifferencer::Equals(*before, after)) return absl::OkStatus();
  *after.mutable_update_time() = ToTimestamp(header_.record_time);
  return ScoreTable().Put(batch_, workspace_, after);
}

v1::CrossScoreThresholdsRequest ScoreFold::Cross(const v1::ScoringModel& model,
                                                 const v1::Score* before, const v1::Score& after,
                                                 Telling telling, v1::KeptScore& kept,
                                                 std::vector<std::string>& reached) const {
  v1::CrossScoreThresholdsRequest request;
  request.set_model(model.name());
  request.set_record(after.record());
  request.set_cause_sequence(static_cast<int64_t>(header_.sequence.value()));
  request.set_is_late(eventstore::AgeWhenRecorded(header_) > kNewsMax);
  std::vector<const v1::ScoreThreshold*> thresholds;
  for (const v1::ScoreThreshold& threshold : model.thresholds()) thresholds.push_back(&threshold);
  std::stable_sort(thresholds.begin(), thresholds.end(),
                   [](const auto* a, const auto* b) { return a->value() < b->value(); });
  for (const v1::ScoreThreshold* const threshold : thresholds) {
    const int64_t was = before == nullptr ? 0 : ScoreIn(*before, threshold->group());
    const int64_t is = ScoreIn(after, threshold->group());
    if (is < threshold->value()) continue;
    const bool is_first = !Has(reached, threshold->id());
    if (is_first) {
      kept.add_reached(threshold->id());
      reached.push_back(threshold->id());
    }
    if (telling == Telling::kSilent || model.paused() || was >= threshold->value()) continue;
    if (!is_first && !threshold->repeatable()) continue;
    v1::ThresholdCrossing& crossing = *request.add_crossings();
    crossing.set_threshold(threshold->id());
    crossing.set_score_before(was);
    crossing.set_score(is);
  }
  return request;
}

absl::Status ScoreFold::SetDue(const std::string& record, int64_t day, v1::KeptScore& kept) {
  if (kept.next_day() == day) return absl::OkStatus();
  v1::DueScore due;
  due.set_model(kept.model());
  due.set_record(record);
  if (kept.next_day() != 0) {
    DueTable().Erase(batch_, workspace_, KeyOf(kept.model(), kept.next_day(), record));
  }
  kept.set_next_day(day);
  if (day == 0) return absl::OkStatus();
  due.set_day(day);
  DueTable().Set(batch_, workspace_, due);
  due_.emplace(kept.model(), day);
  return absl::OkStatus();
}

absl::Status ScoreFold::Finish() {
  KITH_RETURN_IF_ERROR(UpdateRenamed());
  for (const auto& [model, day] : due_) {
    const v1::AdvanceScoringRequest request = Refresh(model, day);
    KITH_RETURN_IF_ERROR(
        reactions_.Set(absl::StrCat(model, "/scores/", day), BeginOf(day), request, kContinues));
  }
  for (const auto& [model, requests] : crossed_) {
    std::vector<const Message*> some;
    for (size_t i = 0; i < requests.size(); ++i) {
      some.push_back(&requests[i]);
      if (some.size() < kCrossingsMax && i + 1 < requests.size()) continue;
      KITH_RETURN_IF_ERROR(reactions_.Add(some));
      some.clear();
    }
  }
  return absl::OkStatus();
}

}  // namespace kith::scoring_models
