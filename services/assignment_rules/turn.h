// Whose turn is next among the members of a rule, and who cannot take a record. Pure functions, any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "kith/assignment_rules/v1/assignment_rule.pb.h"
#include "kith/assignment_rules/v1/assignment_rule_rows.pb.h"
#include "kith/users/v1/user.pb.h"

namespace kith::assignment_rules {

// The moment of a decision, in the workspace's zone.
struct TurnMoment {
  absl::Time now;
  absl::TimeZone zone;

  absl::CivilDay today() const { return absl::ToCivilDay(now, zone); }
};

// Why the user takes nothing now, whatever the rule; nullopt: nothing is in the way. `user` is null
// where they are not there.
std::optional<v1::PassedOver> FindObstacle(const std::string& name, const users::v1::User* user,
                                           const TurnMoment& moment);
// The same of a member of a rule. `turns` are theirs; null: they had none.
std::optional<v1::PassedOver> FindObstacle(const v1::AssignmentRule& rule,
                                           const v1::AssignmentMember& member,
                                           const users::v1::User* user,
                                           const v1::MemberTurns* turns, const TurnMoment& moment,
                                           bool ignore_capacity);

// How many of a month's capacity fall on the day: what is due by its end, halves rounded up, less
// what was due by the end of the day before. Over a month they add up to the capacity.
int64_t CapacityOn(absl::CivilDay day, int64_t monthly_capacity);

// A member who can take the record.
struct Candidate {
  const v1::AssignmentMember* member;
  const v1::MemberTurns* turns;  // null: they had none
  bool prefers = false;          // the record is as they prefer
  int64_t open_records = 0;      // under LEAST_BUSY
};

// The place of the one whose turn it is. `candidates` are not empty, and in the order of the rule.
size_t NextTurn(v1::AssignmentStrategy strategy, const std::vector<Candidate>& candidates,
                absl::CivilDay today);

// In words: "users/01J… is absent until 2026-12-04".
std::string Told(const v1::PassedOver& passed_over);
// "; …" for each of the first few, and how many more there are.
std::string Told(const std::vector<v1::PassedOver>& passed_over);

}  // namespace kith::assignment_rules
