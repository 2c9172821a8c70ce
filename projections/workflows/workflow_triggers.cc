#include "projections/workflows/workflow_triggers.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/standard_events.h"
#include "eventstore/base/status_macros.h"
#include "kith/workflows/v1/workflow_events.pb.h"
#include "projections/workflows/active_workflows.h"
#include "projections/workflows/awaiting_runs.h"
#include "projections/workflows/moment_timers.h"
#include "projections/workflows/named_calendars.h"
#include "projections/workflows/own_steps.h"
#include "services/core/resource_name.h"

namespace kith::workflows {
namespace {

using google::protobuf::Message;
using projections::Reactions;
using projections::ViewBatch;

std::string TextIn(const Message& row, const std::string& field) {
  const auto* const found = row.GetDescriptor()->FindFieldByName(field);
  return found == nullptr ? "" : row.GetReflection()->GetString(row, found);
}

}  // namespace

WorkflowTriggers::WorkflowTriggers(absl::string_view collection,
                                   const projections::ResourceDirectory& directory,
                                   absl::string_view parent)
    : Policy(
          absl::StrCat("workflow_triggers_", Underscored(collection)), 6,
          absl::StrCat("Sets off the workflows that wait for what happens to ", collection, ".")),
      collection_(collection),
      base_(directory.name()),
      parent_(parent),
      table_(directory.table()) {}

bool WorkflowTriggers::Concerns(const eventstore::RecordedEvent& event) const {
  return IsOfWorkflow(event) || IsOfWorkspace(event) || IsOfWaiting(event) || IsOfCalendar(event);
}

absl::Status WorkflowTriggers::React(const eventstore::RecordedEvent& event, ViewBatch& batch,
                                     Reactions& reactions) const {
  if (IsOfWorkspace(event)) return RememberZone(event, batch);
  if (IsOfWorkflow(event)) return ReactToWorkflow(event, batch, reactions);
  if (IsOfCalendar(event)) return ReactToCalendar(event, batch, reactions);
  if (IsOfWaiting(event)) {
    KITH_RETURN_IF_ERROR(RememberWaiting(event, collection_, batch));
    KITH_RETURN_IF_ERROR(RememberStep(event, batch));
  }
  for (const projections::RowChange& change : batch.changes()) {
    KITH_RETURN_IF_ERROR(ReactToChange(change, event, batch, reactions));
  }
  return absl::OkStatus();
}

absl::Status WorkflowTriggers::ReactToWorkflow(const eventstore::RecordedEvent& event,
                                               ViewBatch& batch, Reactions& reactions) const {
  const auto& happened = static_cast<const v1::WorkflowEvent&>(*event.event);
  if (happened.has_workflow_fired()) {
    KITH_ASSIGN_OR_RETURN(const auto workflow,
                          FindActive(batch, event.header().workspace, event.header().stream));
    if (!workflow.has_value() || happened.workflow_fired().has_due_time()) return absl::OkStatus();
    KITH_ASSIGN_OR_RETURN(const v1::WorkspaceZone zone, ReadZone(batch, event.header().workspace));
    return SetFoundMoments(*workflow, happened.workflow_fired(),
                           {batch, event.header().workspace, zone.time_zone()}, reactions);
  }
  KITH_ASSIGN_OR_RETURN(const Activation activation, RememberWorkflow(event, collection_, batch));
  if (!activation.began.has_value() ||
      !activation.began->trigger().record_time().existing_records()) {
    return absl::OkStatus();
  }
  return LookForMoments(*activation.began, event.header(), /*moves_only=*/false, reactions);
}

absl::Status WorkflowTriggers::ReactToCalendar(const eventstore::RecordedEvent& event,
                                               ViewBatch& batch, Reactions& reactions) const {
  const eventstore::EventHeader& header = event.header();
  KITH_RETURN_IF_ERROR(RememberCalendar(event, batch));
  KITH_ASSIGN_OR_RETURN(const v1::ActiveWorkflows active, ReadActive(batch, header.workspace));
  for (const v1::ActiveWorkflow& workflow : active.workflows()) {
    const v1::WorkflowTrigger& trigger = workflow.trigger();
    if (!trigger.has_record_time() || trigger.record_time().business_calendar() != header.stream) {
      continue;
    }
    const bool moves_only = !trigger.record_time().existing_records();
    KITH_RETURN_IF_ERROR(LookForMoments(workflow, header, moves_only, reactions));
  }
  return absl::OkStatus();
}

absl::Status WorkflowTriggers::ReactToChange(const projections::RowChange& change,
                                             const eventstore::RecordedEvent& event,
                                             ViewBatch& batch, Reactions& reactions) const {
  const eventstore::EventHeader& header = event.header();
  const auto* const before = change.before<Message>();
  const auto* const after = change.after<Message>();
  const projections::TableDeclaration& table = table_.declaration();
  const std::string name = table.key(after == nullptr ? *before : *after);
  // What is taken out of what it was merged into did not come into being by that.
  const bool is_taken_out =
      before == nullptr &&
      kith::KindOf(*event.event, *table.row->GetDescriptor()) == StandardEvent::kUnmergedFrom;
  const std::string parent = after == nullptr || parent_.empty() ? "" : TextIn(*after, parent_);
  std::vector<std::string> about;
  if (!parent.empty()) about = {parent, TextIn(*after, "deal")};
  KITH_ASSIGN_OR_RETURN(const v1::ActiveWorkflows active, ReadActive(batch, change.workspace()));
  KITH_ASSIGN_OR_RETURN(const std::string own, StepTakerOf(header, batch));
  for (const v1::ActiveWorkflow& workflow : active.workflows()) {
    if (workflow.trigger().has_record_time()) {
      KITH_ASSIGN_OR_RETURN(const v1::WorkspaceZone zone, ReadZone(batch, change.workspace()));
      const std::string& named = workflow.trigger().record_time().business_calendar();
      KITH_ASSIGN_OR_RETURN(const WorkCalendar calendar,
                            CalendarNamed(named, zone.time_zone(), change.workspace(), batch));
      KITH_RETURN_IF_ERROR(FollowMoment(workflow, {table, name, before, after}, zone.time_zone(),
                                        calendar, header, reactions));
    } else if (after != nullptr && !is_taken_out && workflow.workflow() != own &&
               IsSetOff(workflow.trigger(), table, before, *after, header.occur_time)) {
      KITH_RETURN_IF_ERROR(about.empty() ? SetOff(workflow, {name}, reactions)
                                         : SetOff(workflow, SubjectOf(about), reactions));
    }
  }
  if (after == nullptr) return absl::OkStatus();
  return TellAwaiting({table, name, std::move(about), before, *after}, header, batch, reactions);
}

}  // namespace kith::workflows
