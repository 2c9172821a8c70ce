// Stage gates: what the stages of a pipeline ask of a deal that moves.
//
// Pure; any thread. What is asked is what the pipelines say when the move is decided: they are
// conditions of its append, so a gate that is set at the same moment is met, or the move is decided
// again.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/rpc/error_details.pb.h"
#include "kith/deals/v1/deal.pb.h"
#include "kith/deals/v1/pipeline.pb.h"

namespace kith::deals {

// Whether somebody agreed to the move who may.
enum class Approval { kNotGiven, kGiven };

// A move of a deal, which stands in a stage of `from`, into a stage of `to`. Borrows all.
struct StageMove {
  const v1::Deal& deal;  // as it is when it enters
  const v1::Pipeline& from;
  const v1::Pipeline& to;  // may be the same
  const v1::Stage& entered;
  Approval approval = Approval::kNotGiven;
};

// OK, or STAGE_GATE_REJECTED with all that is not met.
absl::Status CheckGates(const StageMove& move);
// The same of a deal that comes into being in the stage. Where it is the first that takes deals, no
// approval is asked for.
absl::Status CheckEntry(const v1::Deal& deal, const v1::Pipeline& pipeline,
                        const v1::Stage& entered);

// What is wrong with a gate, in fields of `path`: "pipeline.stages[2].gate".
void CheckGate(const v1::StageGate& gate, v1::StageKind kind, const std::string& path,
               google::rpc::BadRequest& violations);

}  // namespace kith::deals
