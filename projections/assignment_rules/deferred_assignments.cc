#include "projections/assignment_rules/deferred_assignments.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "kith/assignment_rules/v1/assignment_rule_events.pb.h"
#include "kith/assignment_rules/v1/assignment_rules_service.pb.h"

namespace kith::assignment_rules {
namespace {

// A record waits once, for the rule that was asked last.
std::string TimerOf(const std::string& record) { return absl::StrCat(record, "/assignment"); }

}  // namespace

absl::Status DeferredAssignments::React(const eventstore::RecordedEvent& recorded,
                                        projections::ViewBatch&,
                                        projections::Reactions& reactions) const {
  const auto& event = static_cast<const v1::AssignmentTurnEvent&>(*recorded.event);
  if (event.has_record_assigned()) {
    return reactions.Cancel(TimerOf(event.record_assigned().assignment().record()));
  }
  if (!event.has_record_assignment_deferred()) return absl::OkStatus();
  const v1::RecordAssignmentDeferred& deferred = event.record_assignment_deferred();
  v1::AssignRecordRequest request;
  request.set_rule(deferred.rule());
  request.set_record(deferred.record());
  request.set_reassign(deferred.reassign());
  request.set_wait(true);
  // However often it has to wait, it is one assignment.
  return reactions.Set(TimerOf(deferred.record()), FromTimestamp(deferred.try_time()), request,
                       {.on_behalf_of = deferred.user(), .continues = true});
}

}  // namespace kith::assignment_rules
