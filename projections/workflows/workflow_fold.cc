#include "projections/workflows/workflow_fold.h"

#include "kith/workflows/v1/workflow_events.pb.h"

namespace kith::workflows {

StandardEvent FoldWorkflow(const Happening& happening, v1::Workflow& workflow) {
  // That its time came changes nothing of it, and so not its etag, which runs tell its steps by.
  const auto& event = static_cast<const v1::WorkflowEvent&>(happening.event);
  if (event.has_workflow_fired()) return StandardEvent::kOther;
  const StandardEvent kind = FoldStandardEvent(happening, workflow);
  if (kind == StandardEvent::kUndeleted && workflow.state() == v1::ACTIVE) {
    workflow.set_state(v1::PAUSED);
    workflow.clear_acts_for();
  }
  return kind;
}

}  // namespace kith::workflows
