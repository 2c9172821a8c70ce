#include "projections/workflows/active_workflows.h"

#include <algorithm>
#include <string>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "kith/workflows/v1/workflow.pb.h"
#include "kith/workflows/v1/workflow_runs_service.pb.h"
#include "kith/workspaces/v1/workspace_events.pb.h"
#include "projections/tables/fold_resource.h"
#include "projections/tables/row_filter.h"
#include "projections/tables/table.h"
#include "projections/workflows/workflow_fold.h"

namespace kith::workflows {
namespace {

using google::protobuf::Message;
using projections::RowHolds;
using projections::Table;
using projections::TableBuilder;
using projections::ViewBatch;

constexpr size_t kLinksMax = 20;      // of a run, as its proto says
constexpr char kActive[] = "active";  // the keys of the rows that a workspace has one of
constexpr char kZone[] = "zone";
constexpr char kSchedules[] = "schedules";

// Every workflow, to be folded on; and those that are active and of the kind.
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
const Table<v1::WorkspaceZone>& Zones() {
  static const auto& table = *new Table<v1::WorkspaceZone>(
      TableBuilder<v1::WorkspaceZone>(3)
          .Key([](const v1::WorkspaceZone&) -> std::string { return kZone; })
          .Build());
  return table;
}

bool IsSame(const v1::ActiveWorkflow& a, const v1::ActiveWorkflow& b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

}  // namespace

std::string TriggerKindOf(const v1::WorkflowTrigger& trigger) {
  if (trigger.has_schedule()) return kSchedules;
  return trigger.has_score_reached() ? std::string(kScores) : trigger.resource();
}

bool IsOfWorkflow(const eventstore::RecordedEvent& event) {
  return eventstore::CategoryOf(event.header().stream) == "workflows";
}

absl::StatusOr<Activation> RememberWorkflow(const eventstore::RecordedEvent& event,
                                            absl::string_view kind, ViewBatch& batch) {
  const WorkspaceId workspace = event.header().workspace;
  const std::string& name = event.header().stream;
  KITH_ASSIGN_OR_RETURN(auto known, Workflows().Get(batch, workspace, name));
  v1::Workflow workflow = known.has_value() ? *std::move(known) : v1::Workflow();
  FoldWorkflow(projections::HappeningOf(event), workflow);
  Activation activation;
  if (workflow.name().empty()) return activation;
  KITH_RETURN_IF_ERROR(Workflows().Put(batch, workspace, workflow));
  const bool is_active = workflow.state() == v1::ACTIVE && !workflow.has_delete_time();
  KITH_ASSIGN_OR_RETURN(v1::ActiveWorkflows active, ReadActive(batch, workspace));
  auto& list = *active.mutable_workflows();
  const auto place = std::find_if(list.begin(), list.end(),
                                  [&](const auto& one) { return one.workflow() == name; });
  const bool is_listed = place != list.end();
  if (is_active && TriggerKindOf(workflow.trigger()) == kind) {
    v1::ActiveWorkflow now;
    now.set_workflow(name);
    now.set_acts_for(workflow.acts_for());
    *now.mutable_trigger() = workflow.trigger();
    if (is_listed && IsSame(*place, now)) return activation;
    if (is_listed) list.erase(place);
    *list.Add() = now;
    activation.began = std::move(now);
  } else if (is_listed) {
    list.erase(place);
    activation.has_ended = true;
  } else {
    return activation;
  }
  KITH_RETURN_IF_ERROR(Active().Put(batch, workspace, active));
  return activation;
}

absl::StatusOr<v1::ActiveWorkflows> ReadActive(ViewBatch& batch, WorkspaceId workspace) {
  KITH_ASSIGN_OR_RETURN(auto row, Active().Get(batch, workspace, kActive));
  return row.has_value() ? *std::move(row) : v1::ActiveWorkflows();
}

absl::StatusOr<std::optional<v1::ActiveWorkflow>> FindActive(ViewBatch& batch,
                                                             WorkspaceId workspace,
                                                             absl::string_view workflow) {
  KITH_ASSIGN_OR_RETURN(const v1::ActiveWorkflows active, ReadActive(batch, workspace));
  for (const v1::ActiveWorkflow& one : active.workflows()) {
    if (one.workflow() == workflow) return one;
  }
  return std::nullopt;
}

bool IsOfWorkspace(const eventstore::RecordedEvent& event) {
  return eventstore::CategoryOf(event.header().stream) == "workspaces";
}

absl::Status RememberZone(const eventstore::RecordedEvent& event, ViewBatch& batch) {
  const auto& happened = static_cast<const workspaces::v1::WorkspaceEvent&>(*event.event);
  std::string time_zone;
  if (happened.has_workspace_created()) {
    time_zone = happened.workspace_created().workspace().time_zone();
  } else if (happened.has_workspace_updated()) {
    const auto& updated = happened.workspace_updated();
    const auto& paths = updated.update_mask().paths();
    if (std::find(paths.begin(), paths.end(), "time_zone") == paths.end()) return absl::OkStatus();
    time_zone = updated.workspace().time_zone();
  } else {
    return absl::OkStatus();
  }
  KITH_ASSIGN_OR_RETURN(v1::WorkspaceZone zone, ReadZone(batch, event.header().workspace));
  zone.set_time_zone(std::move(time_zone));
  return WriteZone(batch, event.header().workspace, zone);
}

absl::StatusOr<v1::WorkspaceZone> ReadZone(ViewBatch& batch, WorkspaceId workspace) {
  KITH_ASSIGN_OR_RETURN(auto row, Zones().Get(batch, workspace, kZone));
  return row.has_value() ? *std::move(row) : v1::WorkspaceZone();
}

absl::Status WriteZone(ViewBatch& batch, WorkspaceId workspace, const v1::WorkspaceZone& zone) {
  return Zones().Put(batch, workspace, zone);
}

bool IsSetOff(const v1::WorkflowTrigger& trigger, const projections::TableDeclaration& table,
              const Message* before, const Message& after, absl::Time now) {
  if (trigger.has_record_time() || trigger.has_schedule() || trigger.has_score_reached()) {
    return false;
  }
  const bool is_new = before == nullptr;
  if (trigger.change() == v1::CREATED && !is_new) return false;
  if (trigger.change() == v1::UPDATED && is_new) return false;
  if (!RowHolds(table, trigger.condition(), after, now)) return false;
  if (is_new) return true;
  if (!trigger.condition_before().empty()) {
    return RowHolds(table, trigger.condition_before(), *before, now);
  }
  return trigger.condition().empty() || !RowHolds(table, trigger.condition(), *before, now);
}

v1::PauseWorkflowRequest PauseWithoutRights(const v1::ActiveWorkflow& workflow) {
  v1::PauseWorkflowRequest pause;
  pause.set_name(workflow.workflow());
  pause.set_pause_reason(v1::RIGHTS_LOST);
  return pause;
}

RunSubject SubjectOf(const std::vector<std::string>& about) {
  RunSubject subject{about.front()};
  for (size_t i = 1; i < about.size() && subject.links.size() < kLinksMax; ++i) {
    if (!about[i].empty()) subject.links.push_back(about[i]);
  }
  return subject;
}

absl::Status SetOff(const v1::ActiveWorkflow& workflow, const RunSubject& subject,
                    projections::Reactions& reactions, const projections::Reactions::Terms& terms) {
  v1::CreateWorkflowRunRequest request;
  v1::WorkflowRun& run = *request.mutable_workflow_run();
  run.set_workflow(workflow.workflow());
  run.set_record(subject.record);
  run.mutable_links()->Assign(subject.links.begin(), subject.links.end());
  const v1::PauseWorkflowRequest pause = PauseWithoutRights(workflow);
  projections::Reactions::Terms on_behalf = terms;
  on_behalf.on_behalf_of = workflow.acts_for();
  on_behalf.otherwise = &pause;
  return reactions.Add({&request}, on_behalf);
}

}  // namespace kith::workflows
