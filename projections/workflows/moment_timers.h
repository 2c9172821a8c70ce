// The timers of moments that records say, as a policy keeps them: set when a record gets such a
// moment, moved with it, and gone with it. What fires is decided on the record as it is then, so a
// timer of a workflow that rests by now does nothing. Pure.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/log/event_registry.h"
#include "google/protobuf/message.h"
#include "kith/workflows/v1/workflow_events.pb.h"
#include "kith/workflows/v1/workflow_rows.pb.h"
#include "projections/engine/view_batch.h"
#include "projections/reactions/policy.h"
#include "projections/tables/table_core.h"
#include "services/core/business_time.h"

namespace kith::workflows {

// A row that changed; null where it is not there.
struct MomentChange {
  const projections::TableDeclaration& table;
  const std::string& record;
  const google::protobuf::Message* before;
  const google::protobuf::Message* after;
};

// When the moment of a row comes, by the calendar that the trigger names; nullopt: it has none, or
// is not as the condition says then.
std::optional<absl::Time> DueOf(const v1::WorkflowTrigger& trigger,
                                const projections::TableDeclaration& table,
                                const google::protobuf::Message* row, const WorkCalendar& calendar);
// The first moment that was still to come, or just now, when an event was recorded: by the
// machine's clock as it was then, which may have been set back behind the log's time.
absl::Time FirstToCome(const eventstore::EventHeader& header);
// Whether a moment that a record got by an event is one of those.
bool IsToCome(absl::Time due, const eventstore::EventHeader& header);

// `time_zone` is the workspace's.
absl::Status FollowMoment(const v1::ActiveWorkflow& workflow, const MomentChange& change,
                          const std::string& time_zone, const WorkCalendar& calendar,
                          const eventstore::EventHeader& header, projections::Reactions& reactions);

// Asks for the records whose moments will come: those that were to come when the event was
// recorded. `moves_only`: for those alone that have a timer, which moves.
absl::Status LookForMoments(const v1::ActiveWorkflow& workflow,
                            const eventstore::EventHeader& header, bool moves_only,
                            projections::Reactions& reactions);
// Where timers stand, and the workspace's time zone.
struct TimerPlace {
  projections::ViewBatch& batch;
  WorkspaceId workspace;
  const std::string& time_zone;
};
// Sets the timers of those that were found, and asks for further ones.
absl::Status SetFoundMoments(const v1::ActiveWorkflow& workflow, const v1::WorkflowFired& found,
                             const TimerPlace& place, projections::Reactions& reactions);

}  // namespace kith::workflows
