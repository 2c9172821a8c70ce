// The pipeline: the stages deals go through. Its rules, its fold, and the commands on its stages;
// those on its lost reasons are in lost_reasons.h, and what its gates ask in stage_gate.h.
//
// Pure and total. A pipeline goes only when no deal stands in it; its stages are archived, and keep
// their names for ever.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kith/deals/v1/pipeline.pb.h"
#include "kith/deals/v1/pipeline_events.pb.h"
#include "kith/deals/v1/pipelines_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/links.h"
#include "services/core/resource_rules.h"

namespace kith::deals {

struct PipelineState : ResourceState<v1::Pipeline> {
  bool exists() const { return lifecycle == Lifecycle::kActive; }
};

struct PipelineAggregate {
  using Resource = v1::Pipeline;
  using State = PipelineState;
  using Event = v1::PipelineEvent;
  static constexpr absl::string_view kCategory = "pipelines";
};

PipelineState Evolve(PipelineState state, const Recorded<v1::PipelineEvent>& recorded);

// Those of the standard methods: it has at least one open stage, one won and one lost one, and of
// its own lost reasons one that is not archived, where losses need one.
const ResourceRules& PipelineRules();

// The users, teams and roles that a command makes the gate of a stage name, and did not name
// before. Point into the command.
Links NewLinksOf(const PipelineState& state, const v1::AddStageRequest& command);
Links NewLinksOf(const PipelineState& state, const v1::UpdateStageRequest& command);

// `state` is that of the pipeline the command names, `linked` are the states of NewLinksOf.
Decision Decide(const PipelineState& state, const v1::AddStageRequest& command,
                LinkedRecords linked, const CommandContext& context);
Decision Decide(const PipelineState& state, const v1::UpdateStageRequest& command,
                LinkedRecords linked, const CommandContext& context);
Decision Decide(const PipelineState& state, const v1::ArchiveStageRequest& command,
                const CommandContext& context);
Decision Decide(const PipelineState& state, const v1::ReorderStagesRequest& command,
                const CommandContext& context);

// The pipeline, which the command calls so, is there, and as the caller last saw it.
absl::Status CheckPipeline(const PipelineState& state, absl::string_view name,
                           absl::string_view etag);

// What decisions about deals ask of a pipeline.

// The stage of that name, if a deal of this pipeline can be in it and be worked on. Rejects a stage
// of another pipeline, one the pipeline does not have, an archived one, and a won or lost one.
absl::StatusOr<const v1::Stage*> FindEnterableStage(const PipelineState& state,
                                                    absl::string_view stage);
// The first stage a new deal can stand in. An existing pipeline always has one.
const v1::Stage& FirstOpenStage(const PipelineState& state);
// The one won, or the one lost stage of an existing pipeline.
const v1::Stage& ClosedStage(const PipelineState& state, v1::StageKind kind);

}  // namespace kith::deals
