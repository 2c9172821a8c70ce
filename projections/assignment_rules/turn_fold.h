// What the decisions of a rule make of whose turn is next. The aggregate's Evolve and the view fold
// with this function, so what a command is decided on and what a read shows cannot differ.
//
// Pure and total; any thread.
#pragma once

#include "absl/time/time.h"
#include "kith/assignment_rules/v1/assignment_rule_events.pb.h"
#include "kith/assignment_rules/v1/assignment_rule_rows.pb.h"

namespace kith::assignment_rules {

// The turns of so many users are known, those who had one of the last. A rule has 50 members at
// most at a time.
inline constexpr int kTurnsKnownMax = 200;
// And of each when the last of them were, which is as many as a rule's limit may count.
inline constexpr int kTimesKnownMax = 20;

// Folds an event of a stream of `assignmentTurns`.
void FoldTurn(const v1::AssignmentTurnEvent& event, absl::Time occur_time,
              v1::AssignmentTurns& turns);

// Those of the user; null where they had none, or none of the last.
const v1::MemberTurns* FindTurns(const v1::AssignmentTurns& turns, const std::string& user);

}  // namespace kith::assignment_rules
