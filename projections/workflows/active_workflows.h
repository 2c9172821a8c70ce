// The workflows that something may set off, as a policy remembers them: a fold of the workflows'
// events in tables of its own. Pure.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/log/event_registry.h"
#include "google/protobuf/message.h"
#include "kith/workflows/v1/workflow_rows.pb.h"
#include "projections/engine/view_batch.h"
#include "projections/reactions/policy.h"
#include "projections/tables/table_core.h"

namespace kith::workflows {

// Of one resource so many can be active; a further one is not set off.
inline constexpr int kActiveMax = 100;

// Whether it is of a workflow.
bool IsOfWorkflow(const eventstore::RecordedEvent& event);
// Folds an event of a workflow; those about `collection` are remembered.
absl::Status FoldWorkflow(const eventstore::RecordedEvent& event, absl::string_view collection,
                          projections::ViewBatch& batch);
absl::StatusOr<v1::ActiveWorkflows> ReadActive(projections::ViewBatch& batch,
                                               WorkspaceId workspace);

// Whether what happened to a row of the table at `now`, null before it was there, sets off what has
// this trigger. Days that are relative are those of UTC.
bool IsSetOff(const v1::WorkflowTrigger& trigger, const projections::TableDeclaration& table,
              const google::protobuf::Message* before, const google::protobuf::Message& after,
              absl::Time now);
// It is set off about the record.
absl::Status SetOff(const v1::ActiveWorkflow& workflow, const std::string& record,
                    projections::Reactions& reactions);

}  // namespace kith::workflows
