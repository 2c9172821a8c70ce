#include "projections/assignment_rules/assignment_turns.h"

#include "kith/assignment_rules/v1/assignment_rule_events.pb.h"
#include "projections/assignment_rules/turn_fold.h"

namespace kith::assignment_rules {

using projections::Table;
using projections::TableBuilder;

const Table<v1::AssignmentTurns>& AssignmentTurns::Turns() {
  static const auto& table = *new Table<v1::AssignmentTurns>(
      TableBuilder<v1::AssignmentTurns>(1)
          .Key([](const v1::AssignmentTurns& turns) { return turns.name(); })
          .Build());
  return table;
}

absl::Status AssignmentTurns::Apply(const eventstore::RecordedEvent& recorded,
                                    projections::ViewBatch& batch) const {
  const auto& event = static_cast<const v1::AssignmentTurnEvent&>(*recorded.event);
  const eventstore::EventHeader& header = recorded.header();
  return Turns().Change(batch, header.workspace, header.stream, [&](v1::AssignmentTurns& turns) {
    turns.set_name(header.stream);
    FoldTurn(event, header.occur_time, turns);
    return true;
  });
}

}  // namespace kith::assignment_rules
