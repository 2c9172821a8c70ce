#include "projections/workflows/moment_timers.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/clock_lag.h"
#include "kith/workflows/v1/workflows_service.pb.h"
#include "projections/reactions/pending_reactions.h"
#include "projections/tables/row_filter.h"
#include "projections/workflows/active_workflows.h"
#include "projections/workflows/record_moment.h"

namespace kith::workflows {
namespace {

using google::protobuf::Message;
using projections::Reactions;

// A moment that was just now when the record got it counts as one to come.
constexpr absl::Duration kJustNow = absl::Minutes(5);

absl::Status SetTimer(const v1::ActiveWorkflow& workflow, const std::string& record, absl::Time due,
                      const std::string& time_zone, Reactions& reactions) {
  v1::FireWorkflowRequest fire;
  fire.set_name(workflow.workflow());
  *fire.mutable_due_time() = ToTimestamp(due);
  fire.set_record(record);
  fire.set_time_zone(time_zone);
  const v1::PauseWorkflowRequest pause = PauseWithoutRights(workflow);
  return reactions.Set(
      TimerOf(workflow.workflow(), record), due, fire,
      {.on_behalf_of = workflow.acts_for(), .otherwise = &pause, .continues = true});
}

absl::Status Look(const v1::ActiveWorkflow& workflow, v1::FireWorkflowRequest look,
                  Reactions& reactions) {
  look.set_name(workflow.workflow());
  const v1::PauseWorkflowRequest pause = PauseWithoutRights(workflow);
  return reactions.Add(
      {&look}, {.on_behalf_of = workflow.acts_for(), .otherwise = &pause, .continues = true});
}

}  // namespace

std::optional<absl::Time> DueOf(const v1::WorkflowTrigger& trigger,
                                const projections::TableDeclaration& table, const Message* row,
                                const WorkCalendar& calendar) {
  if (row == nullptr) return std::nullopt;
  const auto due = MomentOf(trigger.record_time(), *row, calendar);
  return due.has_value() && projections::RowHolds(table, trigger.condition(), *row, *due)
             ? due
             : std::nullopt;
}

absl::Time FirstToCome(const eventstore::EventHeader& header) {
  const absl::Time recorded = header.record_time - eventstore::ClockLagOf(header);
  return std::max(header.occur_time, recorded - kJustNow);
}

bool IsToCome(absl::Time due, const eventstore::EventHeader& header) {
  return due >= FirstToCome(header);
}

absl::Status FollowMoment(const v1::ActiveWorkflow& workflow, const MomentChange& change,
                          const std::string& time_zone, const WorkCalendar& calendar,
                          const eventstore::EventHeader& header, Reactions& reactions) {
  const auto before = DueOf(workflow.trigger(), change.table, change.before, calendar);
  const auto after = DueOf(workflow.trigger(), change.table, change.after, calendar);
  if (before == after) return absl::OkStatus();
  if (!after.has_value() || !IsToCome(*after, header)) {
    return reactions.Cancel(TimerOf(workflow.workflow(), change.record));
  }
  return SetTimer(workflow, change.record, *after, time_zone, reactions);
}

absl::Status LookForMoments(const v1::ActiveWorkflow& workflow,
                            const eventstore::EventHeader& header, bool moves_only,
                            Reactions& reactions) {
  v1::FireWorkflowRequest look;
  *look.mutable_since_time() = ToTimestamp(FirstToCome(header));
  look.set_moves_only(moves_only);
  return Look(workflow, std::move(look), reactions);
}

absl::Status SetFoundMoments(const v1::ActiveWorkflow& workflow, const v1::WorkflowFired& found,
                             const TimerPlace& place, Reactions& reactions) {
  for (const v1::FoundRecord& one : found.records()) {
    if (found.moves_only()) {
      const std::string timer = TimerOf(workflow.workflow(), one.record());
      KITH_ASSIGN_OR_RETURN(const bool is_set,
                            projections::IsPending(place.batch, place.workspace, timer));
      if (!is_set) continue;
    }
    KITH_RETURN_IF_ERROR(SetTimer(workflow, one.record(), FromTimestamp(one.due_time()),
                                  place.time_zone, reactions));
  }
  if (found.after().empty()) return absl::OkStatus();
  v1::FireWorkflowRequest look;
  look.set_after(found.after());
  look.set_rows_before(found.rows_looked_at());
  look.set_moves_only(found.moves_only());
  if (found.has_since_time()) *look.mutable_since_time() = found.since_time();
  return Look(workflow, std::move(look), reactions);
}

}  // namespace kith::workflows
