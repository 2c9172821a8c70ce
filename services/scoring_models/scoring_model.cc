#include "services/scoring_models/scoring_model.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/scoring_models/v1/scoring_models_errors.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "services/core/reject.h"
#include "services/core/shown_fields.h"
#include "services/scoring_models/scoring_model_fields.h"

namespace kith::scoring_models {
namespace {

// All that score the same are found by that.
constexpr char kTargetClaim[] = "scoring_models.target";
constexpr int kModelsMax = 10;

std::string TargetOf(const v1::ScoringModel& model) { return v1::ScoreTarget_Name(model.target()); }

std::vector<std::string> TargetKeys(const v1::ScoringModel& model) { return {TargetOf(model)}; }

// Each model costs every event of what it scores.
absl::Status Place(const std::vector<ResourceNow>& others, v1::ScoringModel&) {
  const auto live = std::count_if(others.begin(), others.end(), [](const ResourceNow& other) {
    return other.lifecycle == Lifecycle::kActive;
  });
  if (live < kModelsMax) return absl::OkStatus();
  return Reject(v1::SCORING_MODELS_ERROR_TOO_MANY_MODELS,
                absl::StrCat("There are ", kModelsMax,
                             " models of these records, as many as there may be. Delete one, or "
                             "change it."));
}

// What is scored stays, and a score tells what the conditions of its model ask of a record.
absl::Status MayAsk(const v1::ScoringModel& before, const v1::ScoringModel& after,
                    const Grants* grants) {
  const bool is_new = before.target() == v1::SCORE_TARGET_UNSPECIFIED;
  if (!is_new && before.target() != after.target()) {
    return RejectField("scoring_model.target", "cannot be changed: make another model");
  }
  const bool asks = std::any_of(after.rules().begin(), after.rules().end(),
                                [](const v1::ScoringRule& rule) { return rule.has_record(); });
  if (!asks || ShowAllFields(grants)) return absl::OkStatus();
  return Reject(type::v1::ERROR_PERMISSION_DENIED,
                "Your roles hide fields from you, and a condition may tell what they hold. Do "
                "without rules over records.");
}

absl::string_view EtagIn(const ScoresState& state, const std::string& model) {
  const auto found = state.overrides.find(model);
  return found == state.overrides.end() ? absl::string_view() : found->second.etag;
}

}  // namespace

const ResourceRules& Rules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<ScoringModelAggregate>()
                             .NotFound(v1::SCORING_MODELS_ERROR_SCORING_MODEL_NOT_FOUND)
                             .Beside(kTargetClaim, TargetOf, Place)
                             .Check(CheckFields)
                             .Claim(kTargetClaim, TargetKeys)
                             .Authorise(MayAsk)
                             .Build());
  return rules;
}

ScoresState Evolve(ScoresState state, const Recorded<v1::ScoreEvent>& recorded) {
  if (recorded.event.has_score_override_set()) {
    const v1::ScoreOverrideSet& set = recorded.event.score_override_set();
    state.overrides[set.model()] = {set.score(), EtagOf(recorded.revision)};
  } else if (recorded.event.has_score_override_cleared()) {
    state.overrides.erase(recorded.event.score_override_cleared().model());
  }
  return state;
}

std::string ScoresIn(absl::string_view record) {
  return absl::StrCat(record, "/", ScoresAggregate::kCategory);
}

Decision Decide(const ScoresState& state, const v1::SetScoreOverrideRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckEtag(command.etag(), EtagIn(state, command.model())));
  v1::ScoreEvent event;
  v1::ScoreOverrideSet& set = *event.mutable_score_override_set();
  set.set_record(command.record());
  set.set_model(command.model());
  set.set_score(command.score());
  set.mutable_personal()->set_reason(command.reason());
  return Changes().Append(ScoresIn(command.record()), std::move(event));
}

Decision Decide(const ScoresState& state, const v1::ClearScoreOverrideRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckEtag(command.etag(), EtagIn(state, command.model())));
  if (!state.overrides.contains(command.model())) return NoChange();
  v1::ScoreEvent event;
  event.mutable_score_override_cleared()->set_record(command.record());
  event.mutable_score_override_cleared()->set_model(command.model());
  return Changes().Append(ScoresIn(command.record()), std::move(event));
}

}  // namespace kith::scoring_models
