// What the events of a workflow's run make of it: for its aggregate and its view alike. Pure.
#pragma once

#include "eventstore/base/standard_events.h"
#include "kith/workflows/v1/workflow_run.pb.h"

namespace kith::workflows {

// So many outcomes of steps a run tells.
inline constexpr int kOutcomesMax = 100;

// Says whether the run was created or deleted by it.
StandardEvent FoldRun(const Happening& happening, v1::WorkflowRun& run);

}  // namespace kith::workflows
