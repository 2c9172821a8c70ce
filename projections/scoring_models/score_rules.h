// What the rules of a scoring model match, and what their matches come to on a day. The arithmetic
// is that of proto/kith/scoring_models/v1/scoring_model.proto. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "kith/scoring_models/v1/score.pb.h"
#include "kith/scoring_models/v1/score_events.pb.h"
#include "kith/scoring_models/v1/score_rows.pb.h"
#include "kith/scoring_models/v1/scoring_model.pb.h"
#include "projections/scoring_models/scored_event.h"
#include "projections/tables/table_core.h"

namespace kith::scoring_models {

// Of each rule and record so many matches count, the latest recorded.
inline constexpr int kMatchesMax = 50;

// The collection whose records a model scores: "contacts"; empty where a later version knows it.
absl::string_view CollectionOf(v1::ScoreTarget target);

// A bit for each kind of interaction and engagement that a rule is about; see ActiveModel.kinds.
uint64_t KindsOf(const v1::ScoringModel& model);
// Whether some model looks at events of a category, or at what one tells, by those bits.
bool LooksAtCategory(uint64_t kinds, absl::string_view category);
bool LooksAt(uint64_t kinds, const ScoredEvent& event);

// Whether a rule over events matches what was recorded at `now`. What is personal of it is not
// asked.
bool Matches(const v1::ScoringRule& rule, const ScoredEvent& event, absl::Time now);
// OK where what the rule is about can be asked for the condition, and some of it could match; else
// what is wrong.
absl::Status CheckEventCondition(const v1::EventCondition& condition);

// What scoring has to know of a record as it became at `now`: whose it is, with whom it is shared,
// and which rules over records hold of it.
v1::RecordFacts FactsOf(const v1::ScoringModel& model, const projections::TableDeclaration& table,
                        const google::protobuf::Message& record, absl::Time now);

// Adds a match of a rule to those of a record: the first alone where it counts once, else in the
// order in which they were recorded, and the latest kMatchesMax. False where nothing changes.
bool AddMatch(const v1::ScoringRule& rule, v1::Match match, v1::RecordMatches& matches);

// Takes back the clicks of a message that happened at `since` or later. False where there are none.
bool RetractClicks(const v1::ScoringModel& model, const std::string& message, absl::Time since,
                   v1::RecordMatches& matches);

// Adds what was matched under another name of the record, as if it had been under this one.
void AddMatches(const v1::ScoringModel& model, const v1::RecordMatches& others,
                v1::RecordMatches& matches);

// Days since 1970-01-01, of UTC.
int64_t DayOf(absl::Time time);
absl::Time BeginOf(int64_t day);

// What a match of a rule over events gives at this age; less than 0 days are none.
int64_t PointsAt(const v1::ScoringRule& rule, int64_t age_days);
// The most points that the rules can give a record, or a group of them: what a threshold has to be
// no more than.
int64_t MostPoints(const v1::ScoringModel& model, const std::string& group);

// What a score is of a group; empty: the record's.
int64_t ScoreIn(const v1::Score& score, const std::string& group);

// One match, or that a rule over records holds, with what it counts.
struct TallyLine {
  const v1::ScoringRule* rule;
  const v1::Match* match;  // null of a rule over records
  bool apart = false;      // into a group that is a score of its own
  int64_t points_now = 0;
  int64_t counted = 0;
};

struct Tally {
  int64_t score = 0;
  std::vector<v1::GroupScore> groups;  // in the order of the model
  std::vector<TallyLine> lines;        // in the order of the rules
  int64_t next_day = 0;  // the first day after on which it is another by itself; 0: none
};

// What matches come to on a day. Borrows both; a match of a rule that the model does not have, or
// of what is not there, counts nothing.
Tally TallyOf(const v1::ScoringModel& model, const v1::RecordMatches& matches, int64_t day);

}  // namespace kith::scoring_models
