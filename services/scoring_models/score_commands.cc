#include "services/scoring_models/score_commands.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/scoring_models/v1/scoring_models_errors.pb.h"
#include "projections/scoring_models/score_rows.h"
#include "projections/scoring_models/score_rules.h"
#include "projections/scoring_models/scored_event.h"
#include "services/core/by_itself.h"
#include "services/core/field_of.h"
#include "services/core/reject.h"
#include "services/runtime/resources/find_type.h"
#include "services/runtime/resources/not_known_yet.h"

namespace kith::scoring_models {
namespace {

using google::protobuf::Message;
using runtime::Loader;
using runtime::ResourceType;

// Of what one command looks at and finds. An event may have some hundred reactions, of which scores
// that cross thresholds are some.
constexpr int kEventsMax = 5'000;
constexpr int kPastMatchesMax = 500;
constexpr int kRecordsMax = 200;
constexpr int kRefreshedMax = 100;

absl::Status DoneByItself() {
  return Reject(v1::SCORING_MODELS_ERROR_SCORES_BY_ITSELF,
                "Records are scored by themselves. Save a model, and wait.");
}

// Tells what the rules match of what happened, and what that takes back.
void AddPastMatches(const v1::ScoringModel& model, const ScoredEvent& happened,
                    absl::Time record_time, v1::PastMatchesFound& found) {
  for (const std::string& about : happened.records) {
    const auto add = [&]() -> v1::RecordMatch& {
      v1::RecordMatch& match = *found.add_matches();
      match.set_record(about);
      match.set_interaction(happened.match.interaction());
      match.set_sequence(happened.match.sequence());
      *match.mutable_occur_time() = happened.match.occur_time();
      return match;
    };
    if (happened.retracts_since.has_value()) {
      *add().mutable_retracts_since() = ToTimestamp(*happened.retracts_since);
    }
    for (const v1::ScoringRule& rule : model.rules()) {
      if (Matches(rule, happened, record_time)) add().set_rule(rule.id());
    }
  }
}

}  // namespace

absl::Status RecordNotFound(absl::string_view record) {
  return RejectResource(v1::SCORING_MODELS_ERROR_RECORD_NOT_FOUND,
                        absl::StrCat("There is no ", record, " that the model scores."), record);
}

ScoreCommands::ScoreCommands(std::vector<ResourceType> resources, const runtime::Runtime& runtime)
    : resources_(std::move(resources)), runtime_(runtime) {}

const ResourceType* ScoreCommands::TypeOf(const v1::ScoringModel& model) const {
  return runtime::FindType(resources_, CollectionOf(model.target()));
}

bool ScoreCommands::IsScored(const v1::ScoringModel& model, absl::string_view record) const {
  return eventstore::CategoryOf(record) == CollectionOf(model.target());
}

template <class Command>
Decision ScoreCommands::RunOverride(Loader& load, const Command& command,
                                    const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const auto* const model, load.Load<ScoringModelAggregate>(command.model()));
  if (model->lifecycle != Lifecycle::kActive) return ResourceNotFound(Rules(), command.model());
  const ResourceType* const type = TypeOf(model->resource);
  if (type == nullptr || !IsScored(model->resource, command.record())) {
    return RecordNotFound(command.record());
  }
  KITH_ASSIGN_OR_RETURN(const void* const record,
                        load.LoadState(*type->aggregate, command.record()));
  const ResourceNow now = type->now_of(record);
  if (now.lifecycle != Lifecycle::kActive) return RecordNotFound(command.record());
  // Of a record that was merged the name means the one that stays.
  Command meant = command;
  meant.set_record(ResourceNameOf(*now.resource));
  KITH_ASSIGN_OR_RETURN(const auto* const scores,
                        load.Load<ScoresAggregate>(ScoresIn(meant.record())));
  return Decide(*scores, meant, context);
}

Decision ScoreCommands::Run(Loader& load, const v1::SetScoreOverrideRequest& command,
                            const CommandContext& context) const {
  return RunOverride(load, command, context);
}

Decision ScoreCommands::Run(Loader& load, const v1::ClearScoreOverrideRequest& command,
                            const CommandContext& context) const {
  return RunOverride(load, command, context);
}

absl::Status ScoreCommands::Render(runtime::Rendering& after,
                                   const v1::SetScoreOverrideRequest& command,
                                   v1::ScoreOverride* response) const {
  const auto recorded = after.Event<v1::ScoreEvent>(0);
  response->set_score(command.score());
  response->set_reason(recorded.event.score_override_set().personal().reason());
  *response->mutable_set_time() = ToTimestamp(recorded.record_time);
  response->set_etag(EtagOf(recorded.revision));
  return absl::OkStatus();
}

Decision ScoreCommands::Run(Loader& load, const v1::AdvanceScoringRequest& command,
                            const CommandContext& context) const {
  if (!IsDoneByPolicy(context, "scores_")) return DoneByItself();
  KITH_ASSIGN_OR_RETURN(const void* const loaded,
                        load.LoadAny(kAggregateType<ScoringModelAggregate>, command.model()));
  const auto* const state = static_cast<const ScoringModelAggregate::State*>(loaded);
  if (state->lifecycle != Lifecycle::kActive) return NoChange();
  KITH_RETURN_IF_ERROR(load.NeedDisk());
  absl::StatusOr<v1::ScoreEvent> event = v1::ScoreEvent();
  switch (command.step_case()) {
    case v1::AdvanceScoringRequest::kFindPastMatches:
      event = FindPastMatches(load, state->resource, command.find_past_matches());
      break;
    case v1::AdvanceScoringRequest::kScoreRecords:
      event = ScoreRecords(load, state->resource, command.score_records(), context.now);
      break;
    case v1::AdvanceScoringRequest::kRefreshScores:
      event = RefreshScores(load, state->resource, command.refresh_scores());
      break;
    case v1::AdvanceScoringRequest::STEP_NOT_SET:
      return NoChange();
  }
  KITH_RETURN_IF_ERROR(event.status());
  if (event->event_case() == v1::ScoreEvent::EVENT_NOT_SET) return NoChange();
  return Changes().Append(ScoresIn(command.model()), *std::move(event));
}

absl::StatusOr<v1::ScoreEvent> ScoreCommands::FindPastMatches(
    const Loader& load, const v1::ScoringModel& model, const v1::FindPastMatchesStep& step) const {
  v1::ScoreEvent event;
  v1::PastMatchesFound& found = *event.mutable_past_matches_found();
  found.set_model(model.name());
  found.set_version(step.version());
  found.set_to_sequence(step.after_sequence());
  const std::string prefix = absl::StrCat(CollectionOf(model.target()), "/");
  const uint64_t kinds = KindsOf(model);
  const auto cursor = runtime_.log.ReadWorkspace(
      load.workspace(), Sequence(static_cast<uint64_t>(step.after_sequence() + 1)),
      eventstore::Direction::kForwards);
  for (int looked_at = 0;
       looked_at < kEventsMax && found.matches_size() < kPastMatchesMax && kinds != 0;
       ++looked_at) {
    KITH_ASSIGN_OR_RETURN(auto record, cursor->Next());
    const bool is_before =
        record != nullptr && static_cast<int64_t>(record->header.sequence.value()) < step.version();
    if (!is_before) {
      found.set_is_end(true);
      return event;
    }
    found.set_to_sequence(static_cast<int64_t>(record->header.sequence.value()));
    if (!LooksAtCategory(kinds, eventstore::CategoryOf(record->header.stream))) continue;
    KITH_ASSIGN_OR_RETURN(const auto decoded, runtime_.registry.DecodeClear(std::move(record)));
    auto happened = ScoredEventOf(*decoded, prefix);
    if (happened.has_value() && LooksAt(kinds, *happened)) {
      KITH_RETURN_IF_ERROR(PutRecords(load, model, *happened));
      AddPastMatches(model, *happened, decoded->header().record_time, found);
    }
  }
  if (kinds == 0) found.set_is_end(true);
  return event;
}

absl::Status ScoreCommands::PutRecords(const Loader& load, const v1::ScoringModel& model,
                                       ScoredEvent& happened) const {
  if (happened.engagement == v1::ENGAGEMENT_KIND_UNSPECIFIED || model.target() == v1::CONTACTS) {
    return absl::OkStatus();
  }
  const projections::View& view = runtime_.views.Find(ScoresOf(CollectionOf(model.target())));
  KITH_ASSIGN_OR_RETURN(happened.records, RecordsNaming(view.At(view.position()), load.workspace(),
                                                        happened.records.front()));
  return absl::OkStatus();
}

absl::StatusOr<v1::ScoreEvent> ScoreCommands::ScoreRecords(const Loader& load,
                                                           const v1::ScoringModel& model,
                                                           const v1::ScoreRecordsStep& step,
                                                           absl::Time now) const {
  v1::ScoreEvent event;
  v1::RecordsScored& scored = *event.mutable_records_scored();
  scored.set_model(model.name());
  scored.set_version(step.version());
  scored.set_is_end(true);
  const ResourceType* const type = TypeOf(model);
  if (type == nullptr) return event;
  const projections::View& view = runtime_.views.Find(type->directory->name());
  const Position position = view.position();
  KITH_RETURN_IF_ERROR(runtime::CheckKnown(
      runtime_.log, position, FromTimestamp(model.update_time()), "Which records there are"));
  projections::KeyRange range = projections::KeyRange::Prefix("");
  if (!step.after().empty()) range.from = step.after() + '\0';
  const projections::TableCore& table = type->directory->table();
  const std::unique_ptr<Message> row(type->rules->resource->New());
  KITH_RETURN_IF_ERROR(table.Scan(view.At(position), load.workspace(), range, *row, [&] {
    if (scored.records_size() == kRecordsMax) {
      scored.set_is_end(false);
      return false;
    }
    *scored.add_records() = FactsOf(model, table.declaration(), *row, now);
    return true;
  }));
  return event;
}

absl::StatusOr<v1::ScoreEvent> ScoreCommands::RefreshScores(
    const Loader& load, const v1::ScoringModel& model, const v1::RefreshScoresStep& step) const {
  const projections::View& view = runtime_.views.Find(ScoresOf(CollectionOf(model.target())));
  v1::ScoresRefreshed refreshed;
  refreshed.set_model(model.name());
  refreshed.set_day(step.day());
  refreshed.set_is_end(true);
  KITH_RETURN_IF_ERROR(DueTable().Scan(view.At(view.position()), load.workspace(),
                                       DueBy(model.name(), step.day()),
                                       [&](const v1::DueScore& due) {
                                         if (refreshed.records_size() == kRefreshedMax) {
                                           refreshed.set_is_end(false);
                                           return false;
                                         }
                                         refreshed.add_records(due.record());
                                         return true;
                                       }));
  v1::ScoreEvent event;
  if (!refreshed.records().empty()) *event.mutable_scores_refreshed() = std::move(refreshed);
  return event;
}

Decision ScoreCommands::Run(Loader& load, const v1::CrossScoreThresholdsRequest& command,
                            const CommandContext& context) const {
  if (!IsDoneByPolicy(context, "scores_")) return DoneByItself();
  KITH_ASSIGN_OR_RETURN(const void* const loaded,
                        load.LoadAny(kAggregateType<ScoringModelAggregate>, command.model()));
  const auto* const state = static_cast<const ScoringModelAggregate::State*>(loaded);
  const v1::ScoringModel& model = state->resource;
  const ResourceType* const type = state->lifecycle == Lifecycle::kActive ? TypeOf(model) : nullptr;
  if (type == nullptr || !IsScored(model, command.record())) return NoChange();
  KITH_ASSIGN_OR_RETURN(const void* const record, load.LoadAny(*type->aggregate, command.record()));
  const ResourceNow now = type->now_of(record);
  if (now.lifecycle != Lifecycle::kActive) return NoChange();
  v1::ScoreEvent event;
  v1::ScoreThresholdCrossed& crossed = *event.mutable_score_threshold_crossed();
  crossed.set_record(command.record());
  crossed.set_model(command.model());
  crossed.set_model_display_name(model.display_name());
  crossed.set_owner(now.resource->GetReflection()->GetString(
      *now.resource, FieldOf(*now.resource->GetDescriptor(), "owner")));
  crossed.set_cause_sequence(command.cause_sequence());
  crossed.set_is_late(command.is_late());
  for (const v1::ThresholdCrossing& crossing : command.crossings()) {
    const auto threshold =
        std::find_if(model.thresholds().begin(), model.thresholds().end(),
                     [&](const auto& one) { return one.id() == crossing.threshold(); });
    if (threshold == model.thresholds().end()) continue;
    v1::CrossedThreshold& one = *crossed.add_thresholds();
    one.set_threshold(threshold->id());
    one.set_display_name(threshold->display_name());
    one.set_value(threshold->value());
    one.set_group(threshold->group());
    one.set_score_before(crossing.score_before());
    one.set_score(crossing.score());
  }
  if (crossed.thresholds().empty()) return NoChange();
  return Changes().Append(ScoresIn(command.record()), std::move(event));
}

}  // namespace kith::scoring_models
