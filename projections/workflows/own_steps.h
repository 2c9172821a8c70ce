// The step that a workflow took last, as a policy remembers it that the workflow waits in: what a
// step does to records does not set its own workflow off again. Pure.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/log/event_registry.h"
#include "projections/engine/view_batch.h"

namespace kith::workflows {

// Remembers what a run's event says of a step, where that changed something and its workflow is one
// of those that are active here (active_workflows.h). It stands before what the step did, in the
// same append.
absl::Status RememberStep(const eventstore::RecordedEvent& event, projections::ViewBatch& batch);

// The workflow of whose step the event is a part; empty: of none that is active here.
absl::StatusOr<std::string> StepTakerOf(const eventstore::EventHeader& header,
                                        projections::ViewBatch& batch);

}  // namespace kith::workflows
