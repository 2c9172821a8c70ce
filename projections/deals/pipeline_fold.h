// What the events of a pipeline make of it. The aggregate's Evolve and every view fold with this
// function, so what a command is decided on and what a read shows cannot differ.
//
// Pure and total: history already happened, so nothing fails. Any thread.
#pragma once

#include "absl/strings/string_view.h"
#include "eventstore/base/standard_events.h"
#include "kith/deals/v1/pipeline.pb.h"

namespace kith::deals {

// Folds a PipelineEvent into the pipeline it happened to. Says whether it was created or deleted by
// it; after a delete the fields stay as they were last.
StandardEvent FoldPipeline(const Happening& happening, v1::Pipeline& pipeline);

// The stage of that name, archived ones too; null when the pipeline has none. Lives as long as the
// pipeline, unchanged.
const v1::Stage* FindStage(const v1::Pipeline& pipeline, absl::string_view stage);
// The same of a lost reason.
const v1::PipelineLostReason* FindLostReason(const v1::Pipeline& pipeline,
                                             absl::string_view reason);

}  // namespace kith::deals
