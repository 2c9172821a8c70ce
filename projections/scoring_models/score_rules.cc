#include "projections/scoring_models/score_rules.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/reflection.h"
#include "projections/tables/row_fields.h"
#include "projections/tables/row_filter.h"

namespace kith::scoring_models {
namespace {

using google::protobuf::Message;
using interactions::v1::Interaction;

constexpr uint64_t kAnyKind = 1;
constexpr int kEngagementBit = 48;  // those before are of interactions
constexpr int64_t kSecondsADay = 86'400;
constexpr int64_t kHalvingsMax = 31;  // more leave nothing of the largest number of points

// What conditions over events may ask.
const projections::TableDeclaration& EventFields(v1::EngagementKind engagement) {
  return engagement == v1::ENGAGEMENT_KIND_UNSPECIFIED ? projections::RowFields<Interaction>()
                                                       : projections::RowFields<v1::Engagement>();
}

uint64_t BitOf(interactions::v1::InteractionKind kind) {
  return kind > 0 && kind < kEngagementBit ? uint64_t{1} << kind : kAnyKind;
}
// One that a later version knows is none.
uint64_t BitOf(v1::EngagementKind kind) {
  return kind > 0 && kind < 64 - kEngagementBit ? uint64_t{1} << (kEngagementBit + kind) : 0;
}

// At most the cap, at least its opposite; 0: as it is.
int64_t Bounded(int64_t points, int64_t cap) {
  return cap == 0 ? points : std::clamp(points, -cap, cap);
}

// A sum that is bounded by a cap as it grows, so that what each summand counts adds up to it.
class CappedSum {
 public:
  explicit CappedSum(int64_t cap) : cap_(cap) {}
  // By how much the bounded sum moves.
  int64_t Add(int64_t points) {
    const int64_t before = value();
    sum_ += points;
    return value() - before;
  }
  int64_t value() const { return Bounded(sum_, cap_); }

 private:
  int64_t cap_;
  int64_t sum_ = 0;
};

const v1::RuleMatches* FindMatches(const v1::RecordMatches& matches, const std::string& rule) {
  const auto found = std::find_if(matches.rules().begin(), matches.rules().end(),
                                  [&](const auto& one) { return one.rule() == rule; });
  return found == matches.rules().end() ? nullptr : &*found;
}

// The first day after `day` on which a match gives other points than then; 0: none.
int64_t NextDay(const v1::ScoringRule& rule, int64_t match_day, int64_t day) {
  const int64_t age = std::max<int64_t>(0, day - match_day);
  if (PointsAt(rule, age) == 0) return 0;
  int64_t next = 0;
  const auto consider = [&](int64_t then) {
    if (next == 0 || then < next) next = then;
  };
  const int64_t half_life = rule.event().half_life_days();
  if (half_life > 0) consider(match_day + (age / half_life + 1) * half_life);
  if (rule.event().expire_days() > 0) consider(match_day + rule.event().expire_days());
  return next;
}

// Nothing where records have no such field.
void CopyTexts(const Message& record, const char* name,
               google::protobuf::RepeatedPtrField<std::string>& texts) {
  const auto* const field = record.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return;
  for (const std::string& text :
       record.GetReflection()->GetRepeatedFieldRef<std::string>(record, field)) {
    *texts.Add() = text;
  }
}

// The most that one rule gives.
int64_t MostOf(const v1::ScoringRule& rule) {
  if (rule.points() <= 0) return 0;
  const int64_t all = rule.has_record() || rule.event().once()
                          ? rule.points()
                          : int64_t{rule.points()} * kMatchesMax;
  return Bounded(all, rule.event().cap());
}

}  // namespace

absl::string_view CollectionOf(v1::ScoreTarget target) {
  switch (target) {
    case v1::CONTACTS:
      return "contacts";
    case v1::LEADS:
      return "leads";
    default:
      return "";
  }
}

uint64_t KindsOf(const v1::ScoringModel& model) {
  uint64_t kinds = 0;
  for (const v1::ScoringRule& rule : model.rules()) {
    if (!rule.has_event()) continue;
    const v1::EventCondition& event = rule.event();
    kinds |= event.engagement() == v1::ENGAGEMENT_KIND_UNSPECIFIED ? BitOf(event.kind())
                                                                   : BitOf(event.engagement());
  }
  return kinds;
}

bool LooksAtCategory(uint64_t kinds, absl::string_view category) {
  if (category == "messages") {
    return (kinds & (BitOf(v1::MAIL_OPENED) | BitOf(v1::MAIL_CLICKED))) != 0;
  }
  if (category == "visitors") return (kinds & BitOf(v1::PAGES_VIEWED)) != 0;
  constexpr uint64_t kInteractions = (uint64_t{1} << kEngagementBit) - 1;
  return category == "interactions" && (kinds & kInteractions) != 0;
}

bool LooksAt(uint64_t kinds, const ScoredEvent& event) {
  return event.engagement == v1::ENGAGEMENT_KIND_UNSPECIFIED
             ? (kinds & (BitOf(event.interaction.kind()) | kAnyKind)) != 0
             : (kinds & BitOf(event.engagement)) != 0;
}

bool Matches(const v1::ScoringRule& rule, const ScoredEvent& happened, absl::Time now) {
  if (!rule.has_event() || !happened.is_counted) return false;
  const v1::EventCondition& event = rule.event();
  if (event.engagement() != happened.engagement) return false;
  const projections::TableDeclaration& fields = EventFields(happened.engagement);
  if (happened.engagement != v1::ENGAGEMENT_KIND_UNSPECIFIED) {
    return projections::RowHolds(fields, event.condition(), happened.details, now);
  }
  const Interaction& interaction = happened.interaction;
  if (event.kind() != interactions::v1::INTERACTION_KIND_UNSPECIFIED &&
      event.kind() != interaction.kind()) {
    return false;
  }
  if (event.direction() != interactions::v1::DIRECTION_UNSPECIFIED &&
      event.direction() != interaction.direction()) {
    return false;
  }
  return projections::RowHolds(fields, event.condition(), interaction, now);
}

absl::Status CheckEventCondition(const v1::EventCondition& condition) {
  if (condition.condition().empty()) return absl::OkStatus();
  const projections::TableDeclaration& fields = EventFields(condition.engagement());
  KITH_RETURN_IF_ERROR(projections::CheckClearFilter(fields, condition.condition()));
  std::string all = absl::StrCat("(", condition.condition(), ")");
  const bool is_interaction = condition.engagement() == v1::ENGAGEMENT_KIND_UNSPECIFIED;
  if (is_interaction && condition.kind() != interactions::v1::INTERACTION_KIND_UNSPECIFIED) {
    absl::StrAppend(&all, " AND kind = ", InteractionKind_Name(condition.kind()));
  }
  if (is_interaction && condition.direction() != interactions::v1::DIRECTION_UNSPECIFIED) {
    absl::StrAppend(&all, " AND direction = ", Direction_Name(condition.direction()));
  }
  return projections::MayHold(fields, all)
             ? absl::OkStatus()
             : absl::InvalidArgumentError("contradicts itself: nothing that happens is so");
}

v1::RecordFacts FactsOf(const v1::ScoringModel& model, const projections::TableDeclaration& table,
                        const Message& record, absl::Time now) {
  v1::RecordFacts facts;
  facts.set_record(table.key(record));
  const google::protobuf::Reflection& told = *record.GetReflection();
  const auto* const owner = record.GetDescriptor()->FindFieldByName("owner");
  if (owner != nullptr) facts.set_owner(told.GetString(record, owner));
  CopyTexts(record, "viewers", *facts.mutable_viewers());
  CopyTexts(record, "editors", *facts.mutable_editors());
  for (const v1::ScoringRule& rule : model.rules()) {
    if (!rule.has_record()) continue;
    if (projections::RowHolds(table, rule.record().condition(), record, now)) {
      facts.add_rules(rule.id());
    }
  }
  return facts;
}

bool AddMatch(const v1::ScoringRule& rule, v1::Match match, v1::RecordMatches& matches) {
  auto& rules = *matches.mutable_rules();
  auto of_rule = std::find_if(rules.begin(), rules.end(),
                              [&](const auto& one) { return one.rule() == rule.id(); });
  if (of_rule == rules.end()) {
    rules.Add()->set_rule(rule.id());
    of_rule = rules.end() - 1;
  }
  auto& list = *of_rule->mutable_matches();
  const auto place = std::lower_bound(
      list.begin(), list.end(), match.sequence(),
      [](const v1::Match& one, int64_t sequence) { return one.sequence() < sequence; });
  if (place != list.end() && place->sequence() == match.sequence()) return false;
  const auto index = place - list.begin();
  const bool is_full = list.size() >= (rule.event().once() ? 1 : kMatchesMax);
  // What is recorded first counts where one does, what is recorded last where many do.
  if (is_full && (rule.event().once() ? index > 0 : index == 0)) return false;
  *list.Add() = std::move(match);
  std::rotate(list.begin() + index, list.end() - 1, list.end());
  if (is_full) list.erase(rule.event().once() ? list.end() - 1 : list.begin());
  return true;
}

bool RetractClicks(const v1::ScoringModel& model, const std::string& message, absl::Time since,
                   v1::RecordMatches& matches) {
  bool is_other = false;
  for (v1::RuleMatches& of_rule : *matches.mutable_rules()) {
    const auto rule = std::find_if(model.rules().begin(), model.rules().end(),
                                   [&](const auto& one) { return one.id() == of_rule.rule(); });
    if (rule == model.rules().end() || rule->event().engagement() != v1::MAIL_CLICKED) continue;
    auto& list = *of_rule.mutable_matches();
    const auto end = std::remove_if(list.begin(), list.end(), [&](const v1::Match& match) {
      return match.interaction() == message && FromTimestamp(match.occur_time()) >= since;
    });
    is_other |= end != list.end();
    list.erase(end, list.end());
  }
  return is_other;
}

void AddMatches(const v1::ScoringModel& model, const v1::RecordMatches& others,
                v1::RecordMatches& matches) {
  for (const v1::RuleMatches& of_rule : others.rules()) {
    const auto rule = std::find_if(model.rules().begin(), model.rules().end(),
                                   [&](const auto& one) { return one.id() == of_rule.rule(); });
    if (rule == model.rules().end()) continue;
    for (const v1::Match& match : of_rule.matches()) AddMatch(*rule, match, matches);
  }
}

int64_t DayOf(absl::Time time) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  return seconds / kSecondsADay - (seconds % kSecondsADay < 0 ? 1 : 0);
}

absl::Time BeginOf(int64_t day) { return absl::FromUnixSeconds(day * kSecondsADay); }

int64_t PointsAt(const v1::ScoringRule& rule, int64_t age_days) {
  const int64_t age = std::max<int64_t>(0, age_days);
  if (rule.event().expire_days() > 0 && age >= rule.event().expire_days()) return 0;
  if (rule.event().half_life_days() == 0) return rule.points();
  const int64_t halvings = age / rule.event().half_life_days();
  return halvings > kHalvingsMax ? 0 : rule.points() / (int64_t{1} << halvings);
}

int64_t MostPoints(const v1::ScoringModel& model, const std::string& group) {
  std::map<std::string, int64_t> most;
  for (const v1::ScoringRule& rule : model.rules()) most[rule.group()] += MostOf(rule);
  int64_t of_record = 0;
  for (const v1::ScoreGroup& one : model.groups()) {
    const int64_t of_group = Bounded(most[one.id()], one.cap());
    if (one.id() == group) return of_group;
    if (!one.apart()) of_record += of_group;
    most.erase(one.id());
  }
  // What belongs to no group that is listed counts as it is.
  for (const auto& [name, points] : most) of_record += points;
  return group.empty() ? of_record : 0;
}

int64_t ScoreIn(const v1::Score& score, const std::string& group) {
  if (group.empty()) return score.score();
  for (const v1::GroupScore& one : score.groups()) {
    if (one.group() == group) return one.score();
  }
  return 0;
}

Tally TallyOf(const v1::ScoringModel& model, const v1::RecordMatches& matches, int64_t day) {
  Tally tally;
  std::map<std::string, CappedSum> groups;
  std::map<std::string, bool> apart;
  for (const v1::ScoreGroup& group : model.groups()) {
    groups.emplace(group.id(), CappedSum(group.cap()));
    apart[group.id()] = group.apart();
  }
  for (const v1::ScoringRule& rule : model.rules()) {
    CappedSum of_rule(rule.event().cap());
    const auto group = groups.find(rule.group());
    const auto add = [&](const v1::Match* match, int64_t points) {
      TallyLine& line = tally.lines.emplace_back(TallyLine{&rule, match});
      line.points_now = points;
      line.counted = of_rule.Add(points);
      if (group != groups.end()) {
        line.counted = group->second.Add(line.counted);
        line.apart = apart[rule.group()];
      }
      if (!line.apart) tally.score += line.counted;
    };
    if (rule.has_record()) {
      const auto& holding = matches.facts().rules();
      if (std::find(holding.begin(), holding.end(), rule.id()) != holding.end()) {
        add(nullptr, rule.points());
      }
      continue;
    }
    const v1::RuleMatches* const found = FindMatches(matches, rule.id());
    if (found == nullptr) continue;
    for (const v1::Match& match : found->matches()) {
      const int64_t match_day = DayOf(FromTimestamp(match.occur_time()));
      add(&match, PointsAt(rule, day - match_day));
      const int64_t next = NextDay(rule, match_day, day);
      if (next > day && (tally.next_day == 0 || next < tally.next_day)) tally.next_day = next;
    }
  }
  for (const v1::ScoreGroup& group : model.groups()) {
    v1::GroupScore& score = tally.groups.emplace_back();
    score.set_group(group.id());
    score.set_score(groups.at(group.id()).value());
  }
  return tally;
}

}  // namespace kith::scoring_models
