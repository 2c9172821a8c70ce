// What the events of a workflow make of it: for its aggregate and its views alike. Pure.
#pragma once

#include "eventstore/base/standard_events.h"
#include "kith/workflows/v1/workflow.pb.h"

namespace kith::workflows {

// Says whether the workflow was created or deleted by it. One that is brought back rests: it would
// act for whoever activated it, who may not have brought it back.
StandardEvent FoldWorkflow(const Happening& happening, v1::Workflow& workflow);

}  // namespace kith::workflows
