#include "projections/workflows/active_workflows.h"

#include <algorithm>
#include <string>
#include <utility>

#include "eventstore/base/standard_events.h"
#include "eventstore/base/status_macros.h"
#include "kith/workflows/v1/workflow.pb.h"
#include "kith/workflows/v1/workflow_runs_service.pb.h"
#include "projections/tables/fold_resource.h"
#include "projections/tables/row_filter.h"
#include "projections/tables/table.h"

namespace kith::workflows {
namespace {

using google::protobuf::Message;
using projections::RowFilter;
using projections::Table;
using projections::TableBuilder;
using projections::ViewBatch;

constexpr char kActive[] = "active";  // the key of the one row of a workspace

// Every workflow, to be folded on; and those that are active and about the collection.
const Table<v1::Workflow>& Workflows() {
  static const auto& table = *new Table<v1::Workflow>(
      TableBuilder<v1::Workflow>(1)
          .Key([](const v1::Workflow& workflow) -> const std::string& { return workflow.name(); })
          .Build());
  return table;
}
const Table<v1::ActiveWorkflows>& Active() {
  static const auto& table = *new Table<v1::ActiveWorkflows>(
      TableBuilder<v1::ActiveWorkflows>(2)
          .Key([](const v1::ActiveWorkflows&) -> std::string { return kActive; })
          .Build());
  return table;
}

// A condition that can be asked no more, as of a field that a later version does not have, holds of
// nothing.
bool Holds(const projections::TableDeclaration& table, const std::string& condition,
           const Message& row, absl::Time now) {
  if (condition.empty()) return true;
  const auto bound = RowFilter::Bind(table, condition, {now, absl::UTCTimeZone()});
  return bound.ok() && bound->Holds(row);
}

}  // namespace

bool IsOfWorkflow(const eventstore::RecordedEvent& event) {
  return eventstore::CategoryOf(event.header().stream) == "workflows";
}

absl::Status FoldWorkflow(const eventstore::RecordedEvent& event, absl::string_view collection,
                          ViewBatch& batch) {
  const WorkspaceId workspace = event.header().workspace;
  const std::string& name = event.header().stream;
  KITH_ASSIGN_OR_RETURN(auto known, Workflows().Get(batch, workspace, name));
  v1::Workflow workflow = known.has_value() ? *std::move(known) : v1::Workflow();
  const StandardEvent kind = FoldStandardEvent(projections::HappeningOf(event), workflow);
  if (workflow.name().empty()) return absl::OkStatus();
  KITH_RETURN_IF_ERROR(Workflows().Put(batch, workspace, workflow));
  const bool is_active = kind != StandardEvent::kDeleted && !workflow.has_delete_time() &&
                         workflow.state() == v1::ACTIVE &&
                         workflow.trigger().resource() == collection;
  KITH_ASSIGN_OR_RETURN(auto row, Active().Get(batch, workspace, kActive));
  v1::ActiveWorkflows active = row.has_value() ? *std::move(row) : v1::ActiveWorkflows();
  auto& list = *active.mutable_workflows();
  const auto place = std::find_if(list.begin(), list.end(),
                                  [&](const auto& one) { return one.workflow() == name; });
  if (place != list.end()) list.erase(place);
  if (is_active && list.size() < kActiveMax) {
    v1::ActiveWorkflow& added = *list.Add();
    added.set_workflow(name);
    added.set_acts_for(workflow.acts_for());
    *added.mutable_trigger() = workflow.trigger();
  }
  return Active().Put(batch, workspace, active);
}

absl::StatusOr<v1::ActiveWorkflows> ReadActive(ViewBatch& batch, WorkspaceId workspace) {
  KITH_ASSIGN_OR_RETURN(auto row, Active().Get(batch, workspace, kActive));
  return row.has_value() ? *std::move(row) : v1::ActiveWorkflows();
}

bool IsSetOff(const v1::WorkflowTrigger& trigger, const projections::TableDeclaration& table,
              const Message* before, const Message& after, absl::Time now) {
  const bool is_new = before == nullptr;
  if (trigger.change() == v1::CREATED && !is_new) return false;
  if (trigger.change() == v1::UPDATED && is_new) return false;
  if (!Holds(table, trigger.condition(), after, now)) return false;
  if (is_new) return true;
  if (!trigger.condition_before().empty()) {
    return Holds(table, trigger.condition_before(), *before, now);
  }
  return trigger.condition().empty() || !Holds(table, trigger.condition(), *before, now);
}

absl::Status SetOff(const v1::ActiveWorkflow& workflow, const std::string& record,
                    projections::Reactions& reactions) {
  v1::CreateWorkflowRunRequest request;
  request.mutable_workflow_run()->set_workflow(workflow.workflow());
  request.mutable_workflow_run()->set_record(record);
  return reactions.Add({&request}, {.on_behalf_of = workflow.acts_for()});
}

}  // namespace kith::workflows
