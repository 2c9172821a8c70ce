#include "projections/workflows/workflow_schedules.h"

#include <algorithm>

#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/workflows/v1/workflow_events.pb.h"
#include "kith/workflows/v1/workflows_service.pb.h"
#include "projections/workflows/active_workflows.h"
#include "projections/workflows/record_moment.h"
#include "services/core/date.h"

namespace kith::workflows {
namespace {

using projections::Reactions;
using projections::ViewBatch;

// Where it may not be set off any more, the command says so, so that the next time is waited for.
Reactions::Terms TermsOf(const v1::ActiveWorkflow& workflow, const v1::FireWorkflowRequest& fire) {
  return {.on_behalf_of = workflow.acts_for(), .otherwise = &fire, .continues = true};
}

absl::Status AwaitNext(const v1::ActiveWorkflow& workflow, absl::Time after,
                       const eventstore::EventHeader& header, ViewBatch& batch,
                       Reactions& reactions) {
  KITH_ASSIGN_OR_RETURN(const v1::WorkspaceZone zone, ReadZone(batch, header.workspace));
  const auto next = NextTime(workflow.trigger().schedule(), after,
                             TimeZoneOf(zone.time_zone()).value_or(absl::UTCTimeZone()));
  if (!next.has_value()) return absl::OkStatus();
  v1::FireWorkflowRequest fire;
  fire.set_name(workflow.workflow());
  *fire.mutable_due_time() = ToTimestamp(*next);
  return reactions.Set(TimerOf(workflow.workflow(), ""), *next, fire, TermsOf(workflow, fire));
}

absl::Status ReactToFiring(const v1::ActiveWorkflow& workflow, const v1::WorkflowFired& fired,
                           const eventstore::EventHeader& header, ViewBatch& batch,
                           Reactions& reactions) {
  for (const v1::FoundRecord& one : fired.records()) {
    KITH_RETURN_IF_ERROR(SetOff(workflow, {one.record()}, reactions, {.continues = true}));
  }
  if (fired.rows_looked_at() == 0 || fired.after().empty()) {
    const absl::Time due = FromTimestamp(fired.due_time());
    KITH_RETURN_IF_ERROR(
        AwaitNext(workflow, std::max(due, header.record_time), header, batch, reactions));
  }
  if (fired.after().empty()) return absl::OkStatus();
  v1::FireWorkflowRequest further;
  further.set_name(workflow.workflow());
  *further.mutable_due_time() = fired.due_time();
  further.set_after(fired.after());
  further.set_records_before(fired.records_before() + fired.records_size());
  further.set_rows_before(fired.rows_looked_at());
  return reactions.Add({&further}, TermsOf(workflow, further));
}

}  // namespace

absl::Status WorkflowSchedules::React(const eventstore::RecordedEvent& event, ViewBatch& batch,
                                      Reactions& reactions) const {
  if (IsOfWorkspace(event)) return RememberZone(event, batch);
  const eventstore::EventHeader& header = event.header();
  const auto& happened = static_cast<const v1::WorkflowEvent&>(*event.event);
  if (happened.has_workflow_fired()) {
    KITH_ASSIGN_OR_RETURN(const auto workflow, FindActive(batch, header.workspace, header.stream));
    if (!workflow.has_value()) return absl::OkStatus();
    return ReactToFiring(*workflow, happened.workflow_fired(), header, batch, reactions);
  }
  KITH_ASSIGN_OR_RETURN(const Activation activation, RememberWorkflow(event, "schedules", batch));
  if (activation.has_ended) return reactions.Cancel(TimerOf(header.stream, ""));
  if (!activation.began.has_value()) return absl::OkStatus();
  return AwaitNext(*activation.began, header.record_time, header, batch, reactions);
}

}  // namespace kith::workflows
