#include "projections/scoring_models/score_keeper.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "projections/scoring_models/score_fold.h"
#include "projections/scoring_models/score_rows.h"
#include "projections/scoring_models/score_rules.h"
#include "projections/scoring_models/scored_event.h"

namespace kith::scoring_models {

ScoreKeeper::ScoreKeeper(v1::ScoreTarget target, const projections::ResourceDirectory& directory)
    : Policy(ScoresOf(CollectionOf(target)), target == v1::LEADS ? 2 : 1,
             absl::StrCat("Scores ", CollectionOf(target),
                          ", and says when a score reaches a threshold.")),
      target_(target),
      prefix_(absl::StrCat(CollectionOf(target), "/")),
      base_(directory.name()),
      table_(directory.table()),
      // Other records are never merged, and name contacts by any of their names.
      names_(ContactNames()) {}

std::vector<std::string> ScoreKeeper::Follows() const {
  std::vector<std::string> categories = ScoredCategories();
  categories.push_back("scoringModels");
  categories.push_back("scores");
  if (target_ != v1::CONTACTS) categories.push_back("contacts");
  return categories;
}

bool ScoreKeeper::Concerns(const eventstore::RecordedEvent& event) const {
  const absl::string_view category = eventstore::CategoryOf(event.header().stream);
  if (IsScoredCategory(category)) return MayBeScored(event, prefix_);
  return category != "contacts" || target_ == v1::CONTACTS || names_.IsChangedBy(event);
}

absl::Status ScoreKeeper::React(const eventstore::RecordedEvent& event,
                                projections::ViewBatch& batch,
                                projections::Reactions& reactions) const {
  const absl::string_view category = eventstore::CategoryOf(event.header().stream);
  ScoreFold fold(event, {target_, prefix_, table_.declaration(), names_}, batch, reactions);
  if (category == "scoringModels") {
    KITH_RETURN_IF_ERROR(fold.FollowModel());
  } else if (category == "scores") {
    KITH_RETURN_IF_ERROR(fold.FollowScores());
  } else if (IsScoredCategory(category)) {
    KITH_RETURN_IF_ERROR(fold.FollowScored());
  }
  // Who comes back has a name of their own again.
  if (names_.IsChangedBy(event)) KITH_RETURN_IF_ERROR(fold.FollowNames());
  for (const projections::RowChange& change : batch.changes()) {
    KITH_RETURN_IF_ERROR(fold.FollowRecord(change));
  }
  return fold.Finish();
}

}  // namespace kith::scoring_models
