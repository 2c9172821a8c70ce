#include "projections/workflows/own_steps.h"

#include "eventstore/base/status_macros.h"
#include "kith/workflows/v1/workflow_rows.pb.h"
#include "kith/workflows/v1/workflow_run_events.pb.h"
#include "projections/reactions/policy.h"
#include "projections/tables/table.h"
#include "projections/workflows/active_workflows.h"

namespace kith::workflows {
namespace {

using projections::Table;
using projections::TableBuilder;
using projections::ViewBatch;

constexpr char kStep[] = "step";  // the key of the row that a workspace has one of

const Table<v1::StepTaken>& Steps() {
  static const auto& table =
      *new Table<v1::StepTaken>(TableBuilder<v1::StepTaken>(6)
                                    .Key([](const v1::StepTaken&) -> std::string { return kStep; })
                                    .Build());
  return table;
}

}  // namespace

absl::Status RememberStep(const eventstore::RecordedEvent& event, ViewBatch& batch) {
  const auto& happened = static_cast<const v1::WorkflowRunEvent&>(*event.event);
  const v1::WorkflowRunAdvanced& advanced = happened.workflow_run_advanced();
  if (advanced.outcome().changed().empty() || advanced.workflow().empty()) return absl::OkStatus();
  const eventstore::EventHeader& header = event.header();
  KITH_ASSIGN_OR_RETURN(const auto active,
                        FindActive(batch, header.workspace, advanced.workflow()));
  if (!active.has_value()) return absl::OkStatus();
  v1::StepTaken step;
  step.set_name(kStep);
  step.set_workflow(advanced.workflow());
  step.set_append(header.append_first.value());
  return Steps().Put(batch, header.workspace, step);
}

absl::StatusOr<std::string> StepTakerOf(const eventstore::EventHeader& header, ViewBatch& batch) {
  if (projections::ReactionDepth(header) == 0) return std::string();
  KITH_ASSIGN_OR_RETURN(const auto step, Steps().Get(batch, header.workspace, kStep));
  const bool is_of_it = step.has_value() && step->append() == header.append_first.value();
  return is_of_it ? step->workflow() : std::string();
}

}  // namespace kith::workflows
