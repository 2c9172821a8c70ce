#include "services/deals/pipeline.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deals_errors.pb.h"
#include "projections/deals/pipeline_fold.h"
#include "services/core/reject.h"
#include "services/core/resource_events.h"
#include "services/core/resource_name.h"
#include "services/core/update_mask.h"
#include "services/deals/lost_reasons.h"
#include "services/deals/stage_gate.h"

namespace kith::deals {
namespace {

constexpr int kStagesMax = 50;

ErrorMetadata About(absl::string_view pipeline, absl::string_view stage) {
  return {{"pipeline", std::string(pipeline)}, {"stage", std::string(stage)}};
}

absl::Status StageNotFound(absl::string_view pipeline, absl::string_view stage) {
  return RejectState(v1::DEALS_ERROR_STAGE_NOT_FOUND, "The pipeline has no such stage.", stage,
                     About(pipeline, stage));
}

absl::Status StageOfOtherPipeline(absl::string_view pipeline, absl::string_view stage) {
  return RejectState(v1::DEALS_ERROR_STAGE_OF_OTHER_PIPELINE,
                     "The stage belongs to another pipeline.", stage, About(pipeline, stage));
}

absl::Status StageRequired(absl::string_view pipeline) {
  return RejectState(v1::DEALS_ERROR_STAGE_REQUIRED,
                     "A pipeline keeps one won stage, one lost stage and at least one open stage.",
                     pipeline, {{"pipeline", std::string(pipeline)}});
}

absl::Status StageExists(absl::string_view stage) {
  return RejectResource(v1::DEALS_ERROR_STAGE_EXISTS, "The pipeline has a stage with this id.",
                        stage);
}

// A stage as the pipeline keeps it. What a closed stage says about its deals is not a choice.
v1::Stage Kept(v1::Stage stage, absl::string_view pipeline) {
  stage.set_name(absl::StrCat(pipeline, "/stages/", stage.stage_id()));
  stage.set_archived(false);
  switch (stage.kind()) {
    case v1::WON_STAGE:
      stage.set_probability(100);
      stage.set_forecast_category(v1::CLOSED);
      stage.set_rot_days(0);
      break;
    case v1::LOST_STAGE:
      stage.set_probability(0);
      stage.set_forecast_category(v1::OMITTED);
      stage.set_rot_days(0);
      break;
    default:
      stage.set_kind(v1::OPEN_STAGE);
  }
  return stage;
}

bool IsOpen(const v1::Stage& stage) { return stage.kind() == v1::OPEN_STAGE; }
bool TakesDeals(const v1::Stage& stage) { return IsOpen(stage) && !stage.archived(); }

template <class Stages, class Which>
int Count(const Stages& stages, Which which) {
  return static_cast<int>(std::count_if(stages.begin(), stages.end(), which));
}

bool IsColor(absl::string_view text) {
  return text.size() == 7 && text[0] == '#' &&
         std::all_of(text.begin() + 1, text.end(), absl::ascii_isxdigit);
}

// What no single field of a stage can state; `path` is what the request calls it.
void CheckStage(const v1::Stage& stage, const std::string& path,
                google::rpc::BadRequest& violations) {
  if (!stage.color().empty() && !IsColor(stage.color())) {
    AddViolation(absl::StrCat(path, ".color"), "must be a color like #1F6FEB", violations);
  }
  CheckGate(stage.gate(), stage.kind(), absl::StrCat(path, ".gate"), violations);
}

absl::Status CheckStageOf(const v1::Stage& stage) {
  google::rpc::BadRequest violations;
  CheckStage(stage, "stage", violations);
  return RejectFields(violations);
}

// Distinct ids, at least one open stage, one won, one lost.
absl::Status CheckStages(const v1::Pipeline& pipeline) {
  absl::flat_hash_set<absl::string_view> names;
  for (const v1::Stage& stage : pipeline.stages()) {
    if (!names.insert(stage.name()).second) return StageExists(stage.name());
  }
  const auto& stages = pipeline.stages();
  const auto of_kind = [&](v1::StageKind kind) {
    return Count(stages, [kind](const v1::Stage& stage) { return stage.kind() == kind; });
  };
  const bool complete =
      of_kind(v1::OPEN_STAGE) >= 1 && of_kind(v1::WON_STAGE) == 1 && of_kind(v1::LOST_STAGE) == 1;
  return complete ? absl::OkStatus() : StageRequired(pipeline.name());
}

// Open stages come first, in the order given, then the won and the lost one.
void PutClosedStagesLast(v1::Pipeline& pipeline) {
  std::stable_sort(pipeline.mutable_stages()->begin(), pipeline.mutable_stages()->end(),
                   [](const v1::Stage& a, const v1::Stage& b) { return a.kind() < b.kind(); });
}

// Every rule that no single field can state.
absl::Status CheckFields(const v1::Pipeline& pipeline) {
  google::rpc::BadRequest violations;
  for (int i = 0; i < pipeline.stages_size(); ++i) {
    CheckStage(pipeline.stages(i), absl::StrCat("pipeline.stages[", i, "]"), violations);
  }
  KITH_RETURN_IF_ERROR(RejectFields(violations));
  KITH_RETURN_IF_ERROR(CheckStages(pipeline));
  return CheckLostReasons(pipeline);
}

// A new one's stages and lost reasons. Later they change by commands of their own.
void CompleteFields(const v1::Pipeline& before, const Settings&, v1::Pipeline& after) {
  if (!before.name().empty()) return;
  CompleteLostReasons(after);
  for (v1::Stage& stage : *after.mutable_stages()) stage = Kept(std::move(stage), after.name());
  PutClosedStagesLast(after);
}

// The place of `before` among the stages, but never behind the won stage; that is also where a
// stage goes that comes before none.
absl::StatusOr<int> PlaceOf(const v1::Pipeline& pipeline, absl::string_view before) {
  const auto& stages = pipeline.stages();
  const auto closed = std::find_if_not(stages.begin(), stages.end(), IsOpen);
  const int last = static_cast<int>(closed - stages.begin());
  if (before.empty()) return last;
  const auto found = std::find_if(stages.begin(), stages.end(),
                                  [&](const v1::Stage& stage) { return stage.name() == before; });
  if (found == stages.end()) return StageNotFound(pipeline.name(), before);
  return std::min(last, static_cast<int>(found - stages.begin()));
}

// The names are those of the pipeline's stages, each once, with the closed ones where they are:
// last.
absl::Status CheckOrder(const v1::Pipeline& pipeline,
                        const google::protobuf::RepeatedPtrField<std::string>& order) {
  absl::flat_hash_set<absl::string_view> named;
  for (const std::string& name : order) {
    if (FindStage(pipeline, name) == nullptr) return StageNotFound(pipeline.name(), name);
    if (!named.insert(name).second) {
      return RejectField("stages", absl::StrCat("names ", name, " twice"));
    }
  }
  if (named.size() != static_cast<size_t>(pipeline.stages_size())) {
    return RejectField("stages", "must name every stage of the pipeline");
  }
  for (int i = 0; i < order.size(); ++i) {
    const v1::Stage& now = pipeline.stages(i);
    if (!IsOpen(now) && order[i] != now.name()) {
      return RejectField("stages", "must end with the won and the lost stage");
    }
  }
  return absl::OkStatus();
}

// What may change of a stage: everything but what it is; of a closed one how it is shown, and its
// gate.
absl::Status CheckStageUpdate(const v1::Stage& stage, const google::protobuf::FieldMask& mask) {
  for (const std::string& path : mask.paths()) {
    if (path == "stage_id" || path == "kind") {
      return Reject(type::v1::ERROR_INVALID_UPDATE_MASK,
                    absl::StrCat("The update mask names ", path, ", which never changes."),
                    {{"path", path}});
    }
    if (!IsOpen(stage) && path != "display_name" && path != "color" && path != "gate") {
      return RejectState(v1::DEALS_ERROR_STAGE_NOT_OPEN,
                         "Of a won or lost stage only display_name, color and gate change.",
                         stage.name(), {{"stage", stage.name()}, {"path", path}});
    }
  }
  return absl::OkStatus();
}

absl::Status CheckApprovers(const Links& links, LinkedRecords linked) {
  return CheckLinks(v1::DEALS_ERROR_LINKED_RECORD_NOT_FOUND, links, linked);
}

bool IsOrder(const v1::Pipeline& pipeline,
             const google::protobuf::RepeatedPtrField<std::string>& order) {
  return std::equal(order.begin(), order.end(), pipeline.stages().begin(), pipeline.stages().end(),
                    [](const std::string& name, const v1::Stage& s) { return name == s.name(); });
}

}  // namespace

const ResourceRules& PipelineRules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<PipelineAggregate>()
                             .NotFound(v1::DEALS_ERROR_PIPELINE_NOT_FOUND)
                             .Exists(v1::DEALS_ERROR_PIPELINE_EXISTS)
                             .LinkNotFound(v1::DEALS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .Complete(CompleteFields)
                             .Check(CheckFields)
                             .FoldedBy<FoldPipeline>()
                             .Build());
  return rules;
}

Links NewLinksOf(const PipelineState&, const v1::AddStageRequest& command) {
  return NewLinks(v1::Stage(), command.stage(), "stage");
}

Links NewLinksOf(const PipelineState& state, const v1::UpdateStageRequest& command) {
  if (!Means(command.update_mask(), "gate")) return {};
  const v1::Stage* stage = FindStage(state.resource, command.stage().name());
  return NewLinks(stage == nullptr ? v1::Stage() : *stage, command.stage(), "stage");
}

Decision Decide(const PipelineState& state, const v1::AddStageRequest& command,
                LinkedRecords linked, const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckPipeline(state, command.pipeline(), command.etag()));
  const v1::Stage stage = Kept(command.stage(), state.resource.name());
  if (!IsOpen(stage)) return StageRequired(state.resource.name());
  if (FindStage(state.resource, stage.name()) != nullptr) return StageExists(stage.name());
  if (state.resource.stages_size() >= kStagesMax) {
    return RejectField("stage", absl::StrCat("is one too many: a pipeline has at most ", kStagesMax,
                                             ", archived ones among them"));
  }
  KITH_RETURN_IF_ERROR(CheckStageOf(stage));
  if (!command.before().empty() && ParentOf(command.before()) != state.resource.name()) {
    return StageOfOtherPipeline(state.resource.name(), command.before());
  }
  KITH_ASSIGN_OR_RETURN(const int place, PlaceOf(state.resource, command.before()));
  KITH_RETURN_IF_ERROR(CheckApprovers(NewLinksOf(state, command), linked));

  v1::PipelineEvent event;
  *event.mutable_stage_added()->mutable_stage() = stage;
  event.mutable_stage_added()->set_index(place);
  return Changes().Append(state.resource.name(), std::move(event));
}

Decision Decide(const PipelineState& state, const v1::UpdateStageRequest& command,
                LinkedRecords linked, const CommandContext&) {
  const std::string& name = command.stage().name();
  KITH_RETURN_IF_ERROR(CheckPipeline(state, ParentOf(name), command.etag()));
  const v1::Stage* stage = FindStage(state.resource, name);
  if (stage == nullptr) return StageNotFound(state.resource.name(), name);
  KITH_ASSIGN_OR_RETURN(const auto mask,
                        ChangedFields(*stage, command.stage(), command.update_mask()));
  if (mask.paths().empty()) return NoChange();
  KITH_RETURN_IF_ERROR(CheckStageUpdate(*stage, mask));

  v1::PipelineEvent event;
  v1::Stage& updated = *event.mutable_stage_updated()->mutable_stage();
  updated = *stage;
  ApplyFields(command.stage(), mask, &updated);
  KITH_RETURN_IF_ERROR(CheckStageOf(updated));
  KITH_RETURN_IF_ERROR(CheckApprovers(NewLinksOf(state, command), linked));
  return Changes().Append(state.resource.name(), std::move(event));
}

Decision Decide(const PipelineState& state, const v1::ArchiveStageRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckPipeline(state, ParentOf(command.stage()), command.etag()));
  const v1::Stage* stage = FindStage(state.resource, command.stage());
  if (stage == nullptr) return StageNotFound(state.resource.name(), command.stage());
  if (stage->archived()) return NoChange();
  const bool needed = !IsOpen(*stage) || Count(state.resource.stages(), TakesDeals) == 1;
  if (needed) return StageRequired(state.resource.name());

  v1::PipelineEvent event;
  event.mutable_stage_archived()->set_stage(stage->name());
  return Changes().Append(state.resource.name(), std::move(event));
}

Decision Decide(const PipelineState& state, const v1::ReorderStagesRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckPipeline(state, command.pipeline(), command.etag()));
  KITH_RETURN_IF_ERROR(CheckOrder(state.resource, command.stages()));
  if (IsOrder(state.resource, command.stages())) return NoChange();

  v1::PipelineEvent event;
  *event.mutable_stages_reordered()->mutable_stages() = command.stages();
  return Changes().Append(state.resource.name(), std::move(event));
}

absl::Status CheckPipeline(const PipelineState& state, absl::string_view name,
                           absl::string_view etag) {
  return state.exists() ? CheckEtag(etag, state.resource.etag())
                        : ResourceNotFound(PipelineRules(), name);
}

PipelineState Evolve(PipelineState state, const Recorded<v1::PipelineEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource, FoldPipeline);
  return state;
}

absl::StatusOr<const v1::Stage*> FindEnterableStage(const PipelineState& state,
                                                    absl::string_view stage) {
  const std::string& pipeline = state.resource.name();
  if (!state.exists()) return ResourceNotFound(PipelineRules(), ParentOf(stage));
  if (ParentOf(stage) != pipeline) return StageOfOtherPipeline(pipeline, stage);
  const v1::Stage* found = FindStage(state.resource, stage);
  if (found == nullptr) return StageNotFound(pipeline, stage);
  if (!IsOpen(*found)) {
    return RejectState(v1::DEALS_ERROR_STAGE_NOT_OPEN,
                       "The stage is won or lost: use WinDeal or LoseDeal.", stage,
                       About(pipeline, stage));
  }
  if (found->archived()) {
    return RejectState(v1::DEALS_ERROR_STAGE_ARCHIVED,
                       "The stage was archived: no deal can enter it.", stage,
                       About(pipeline, stage));
  }
  return found;
}

const v1::Stage& FirstOpenStage(const PipelineState& state) {
  const auto& stages = state.resource.stages();
  const auto found = std::find_if(stages.begin(), stages.end(), TakesDeals);
  KITH_CHECK(found != stages.end());
  return *found;
}

const v1::Stage& ClosedStage(const PipelineState& state, v1::StageKind kind) {
  const auto& stages = state.resource.stages();
  const auto found = std::find_if(stages.begin(), stages.end(),
                                  [kind](const v1::Stage& stage) { return stage.kind() == kind; });
  KITH_CHECK(found != stages.end());
  return *found;
}

}  // namespace kith::deals
