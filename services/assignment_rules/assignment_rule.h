// The assignment rule: how a record gets its owner. And its turns, which stand in a stream beside
// it, so that assigning a record changes neither the rule nor its etag.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "kith/assignment_rules/v1/assignment_rule.pb.h"
#include "kith/assignment_rules/v1/assignment_rule_events.pb.h"
#include "kith/assignment_rules/v1/assignment_rule_rows.pb.h"
#include "services/core/decider.h"
#include "services/core/resource_rules.h"

namespace kith::assignment_rules {

struct AssignmentRuleAggregate : ResourceAggregate<v1::AssignmentRule, v1::AssignmentRuleEvent> {
  static constexpr absl::string_view kCategory = "assignmentRules";
};

const ResourceRules& Rules();

// Whose turns there were. Whoever assigns by a rule has them as a condition, so the turns of those
// who do at once follow one another.
struct TurnsState {
  v1::AssignmentTurns turns;
};
struct TurnsAggregate {
  using State = TurnsState;
  using Event = v1::AssignmentTurnEvent;
  static constexpr absl::string_view kCategory = "assignmentTurns";
};
TurnsState Evolve(TurnsState state, const Recorded<v1::AssignmentTurnEvent>& recorded);
// "assignmentTurns/01J…" of "assignmentRules/01J…".
std::string TurnsOf(absl::string_view rule);

}  // namespace kith::assignment_rules
