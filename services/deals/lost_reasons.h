// The reasons of its own that a pipeline's deals are lost for: the commands on them, and which one
// a loss means.
//
// Pure and total. A reason is archived and never deleted: deals that were lost for it name it.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "kith/deals/v1/pipelines_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/deals/pipeline.h"

namespace kith::deals {

// `state` is that of the pipeline the command names.
Decision Decide(const PipelineState& state, const v1::AddLostReasonRequest& command,
                const CommandContext& context);
Decision Decide(const PipelineState& state, const v1::UpdateLostReasonRequest& command,
                const CommandContext& context);
Decision Decide(const PipelineState& state, const v1::ArchiveLostReasonRequest& command,
                const CommandContext& context);

// Of the reasons of a new pipeline: their names, and that none is archived.
void CompleteLostReasons(v1::Pipeline& pipeline);
// Distinct ids, and one that is not archived where losses need one.
absl::Status CheckLostReasons(const v1::Pipeline& pipeline);

// Why a deal is lost: in the words that all pipelines have, and in those of its own, by name; empty
// where the pipeline has none for it.
struct LossReason {
  v1::LostReason reason;
  std::string own;
};
absl::StatusOr<LossReason> FindLossReason(const PipelineState& pipeline,
                                          const v1::LoseDealRequest& command);
// Whether it says nothing by itself: OTHER_REASON, in no other words of the pipeline's own.
bool NeedsNotes(const LossReason& reason);

}  // namespace kith::deals
