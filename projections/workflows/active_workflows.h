// The workflows that something may set off, and the workspace's time zone, as a policy remembers
// them: a fold of events in tables of its own. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/log/event_registry.h"
#include "google/protobuf/message.h"
#include "kith/workflows/v1/workflow_rows.pb.h"
#include "kith/workflows/v1/workflows_service.pb.h"
#include "projections/engine/view_batch.h"
#include "projections/reactions/policy.h"
#include "projections/tables/table_core.h"

namespace kith::workflows {

// Of one resource so many can be active, and so many with a schedule: ActivateWorkflow refuses a
// further one.
inline constexpr int kActiveMax = 100;
// What crossings of thresholds are recorded as, and what such workflows are of.
inline constexpr absl::string_view kScores = "scores";

// Which of them a workflow with this trigger is one of: "deals", "schedules", "scores"; empty:
// nothing sets it off.
std::string TriggerKindOf(const v1::WorkflowTrigger& trigger);

// Whether it is of a workflow.
bool IsOfWorkflow(const eventstore::RecordedEvent& event);
// What an event of a workflow made of it, among those that are active and of a kind.
struct Activation {
  std::optional<v1::ActiveWorkflow> began;
  bool has_ended = false;
};
// Folds an event of a workflow; those of the kind are remembered.
absl::StatusOr<Activation> RememberWorkflow(const eventstore::RecordedEvent& event,
                                            absl::string_view kind, projections::ViewBatch& batch);
absl::StatusOr<v1::ActiveWorkflows> ReadActive(projections::ViewBatch& batch,
                                               WorkspaceId workspace);
// The one of them that is called so; nullopt where it is none of them.
absl::StatusOr<std::optional<v1::ActiveWorkflow>> FindActive(projections::ViewBatch& batch,
                                                             WorkspaceId workspace,
                                                             absl::string_view workflow);

// Whether it may say another time zone of a workspace.
bool IsOfWorkspace(const eventstore::RecordedEvent& event);
absl::Status RememberZone(const eventstore::RecordedEvent& event, projections::ViewBatch& batch);
// The workspace's row: its zone, and whether anybody waits there.
absl::StatusOr<v1::WorkspaceZone> ReadZone(projections::ViewBatch& batch, WorkspaceId workspace);
absl::Status WriteZone(projections::ViewBatch& batch, WorkspaceId workspace,
                       const v1::WorkspaceZone& zone);

// Whether what happened to a row of the table at `now`, null before it was there, sets off what has
// this trigger.
bool IsSetOff(const v1::WorkflowTrigger& trigger, const projections::TableDeclaration& table,
              const google::protobuf::Message* before, const google::protobuf::Message& after,
              absl::Time now);
// What is done where for whom the workflow acts may not have it set off any more: it is paused.
v1::PauseWorkflowRequest PauseWithoutRights(const v1::ActiveWorkflow& workflow);
// What a run is about, and what that which set it off links to beside.
struct RunSubject {
  std::string record;
  std::vector<std::string> links = {};
};
// Of an interaction or a message that is about these, which are not none: the first one is the
// record, of the others some may be empty.
RunSubject SubjectOf(const std::vector<std::string>& about);
// It is set off about that.
absl::Status SetOff(const v1::ActiveWorkflow& workflow, const RunSubject& subject,
                    projections::Reactions& reactions,
                    const projections::Reactions::Terms& terms = {});

}  // namespace kith::workflows
