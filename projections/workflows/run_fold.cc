#include "projections/workflows/run_fold.h"

#include "eventstore/base/proto_time.h"
#include "kith/workflows/v1/workflow_run_events.pb.h"

namespace kith::workflows {
namespace {

// The last answer of each step is known for longer than what became of it.
void TakeAnswer(const v1::StepOutcome& outcome, v1::WorkflowRun& run) {
  for (v1::StepAnswer& known : *run.mutable_answers()) {
    if (known.step() == outcome.step()) return known.set_name(outcome.answer());
  }
  v1::StepAnswer& answer = *run.add_answers();
  answer.set_step(outcome.step());
  answer.set_name(outcome.answer());
}

void Advance(const v1::WorkflowRunAdvanced& advanced, absl::Time time, v1::WorkflowRun& run) {
  run.set_state(advanced.state());
  run.set_step(advanced.step());
  run.set_turn(advanced.turn());
  run.clear_wait_until_time();
  if (!advanced.has_outcome()) return;
  v1::StepOutcome& outcome = *run.add_outcomes();
  outcome = advanced.outcome();
  *outcome.mutable_time() = ToTimestamp(time);
  if (advanced.state() == v1::WAITING) {
    *run.mutable_wait_until_time() = outcome.wait_until_time();
  }
  if (!outcome.answer().empty()) TakeAnswer(outcome, run);
  const int over = run.outcomes_size() - kOutcomesMax;
  if (over > 0) run.mutable_outcomes()->DeleteSubrange(0, over);
}

}  // namespace

StandardEvent FoldRun(const Happening& happening, v1::WorkflowRun& run) {
  const StandardEvent kind = FoldStandardEvent(happening, run);
  const auto& event = static_cast<const v1::WorkflowRunEvent&>(happening.event);
  if (event.has_workflow_run_advanced()) {
    Advance(event.workflow_run_advanced(), happening.occur_time, run);
  }
  return kind;
}

}  // namespace kith::workflows
