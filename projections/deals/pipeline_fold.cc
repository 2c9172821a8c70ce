#include "projections/deals/pipeline_fold.h"

#include <algorithm>
#include <utility>

#include "kith/deals/v1/pipeline_events.pb.h"

namespace kith::deals {
namespace {

void Add(const v1::StageAdded& added, v1::Pipeline& pipeline) {
  auto& stages = *pipeline.mutable_stages();
  *stages.Add() = added.stage();
  const int place = std::clamp(added.index(), 0, stages.size() - 1);
  std::rotate(stages.begin() + place, stages.end() - 1, stages.end());
}

// Stages that the event does not name keep their order, behind those it names.
void Reorder(const v1::StagesReordered& reordered, v1::Pipeline& pipeline) {
  auto& stages = *pipeline.mutable_stages();
  auto next = stages.begin();
  for (const auto& name : reordered.stages()) {
    const auto found = std::find_if(next, stages.end(),
                                    [&](const v1::Stage& stage) { return stage.name() == name; });
    if (found == stages.end()) continue;
    std::rotate(next, found, found + 1);
    ++next;
  }
}

v1::Stage* FindStageIn(v1::Pipeline& pipeline, absl::string_view name) {
  for (v1::Stage& candidate : *pipeline.mutable_stages()) {
    if (candidate.name() == name) return &candidate;
  }
  return nullptr;
}

v1::PipelineLostReason* FindLostReasonIn(v1::Pipeline& pipeline, absl::string_view name) {
  for (v1::PipelineLostReason& candidate : *pipeline.mutable_lost_reasons()) {
    if (candidate.name() == name) return &candidate;
  }
  return nullptr;
}

}  // namespace

StandardEvent FoldPipeline(const Happening& happening, v1::Pipeline& pipeline) {
  const StandardEvent kind = FoldStandardEvent(happening, pipeline);
  const auto& event = static_cast<const v1::PipelineEvent&>(happening.event);
  switch (event.event_case()) {
    case v1::PipelineEvent::kStageAdded:
      Add(event.stage_added(), pipeline);
      break;
    case v1::PipelineEvent::kStageUpdated:
      if (auto* stage = FindStageIn(pipeline, event.stage_updated().stage().name())) {
        *stage = event.stage_updated().stage();
      }
      break;
    case v1::PipelineEvent::kStageArchived:
      if (auto* stage = FindStageIn(pipeline, event.stage_archived().stage())) {
        stage->set_archived(true);
      }
      break;
    case v1::PipelineEvent::kStagesReordered:
      Reorder(event.stages_reordered(), pipeline);
      break;
    case v1::PipelineEvent::kLostReasonAdded:
      *pipeline.add_lost_reasons() = event.lost_reason_added().lost_reason();
      break;
    case v1::PipelineEvent::kLostReasonUpdated:
      if (auto* reason =
              FindLostReasonIn(pipeline, event.lost_reason_updated().lost_reason().name())) {
        *reason = event.lost_reason_updated().lost_reason();
      }
      break;
    case v1::PipelineEvent::kLostReasonArchived:
      if (auto* reason = FindLostReasonIn(pipeline, event.lost_reason_archived().lost_reason())) {
        reason->set_archived(true);
      }
      break;
    case v1::PipelineEvent::kPipelineCreated:
    case v1::PipelineEvent::kPipelineUpdated:
    case v1::PipelineEvent::kPipelineDeleted:
    case v1::PipelineEvent::kPipelineUndeleted:
    case v1::PipelineEvent::EVENT_NOT_SET:
      break;
  }
  return kind;
}

const v1::Stage* FindStage(const v1::Pipeline& pipeline, absl::string_view stage) {
  for (const v1::Stage& candidate : pipeline.stages()) {
    if (candidate.name() == stage) return &candidate;
  }
  return nullptr;
}

const v1::PipelineLostReason* FindLostReason(const v1::Pipeline& pipeline,
                                             absl::string_view reason) {
  for (const v1::PipelineLostReason& candidate : pipeline.lost_reasons()) {
    if (candidate.name() == reason) return &candidate;
  }
  return nullptr;
}

}  // namespace kith::deals
