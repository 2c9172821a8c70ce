// Assign: to whom a record goes, by a rule and by those that its branches lead to. It is asked by
// the command that gives it to them and by the read that only tells, so the two cannot differ.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "kith/assignment_rules/v1/assignment_rule.pb.h"
#include "kith/assignment_rules/v1/assignment_rule_rows.pb.h"
#include "kith/users/v1/user.pb.h"
#include "services/assignment_rules/turn.h"
#include "services/core/collection.h"

namespace kith::assignment_rules {

// What it is decided on: states, or rows of views. What is answered lives as long as the facts.
class AssignmentFacts {
 public:
  virtual ~AssignmentFacts() = default;
  // Null where there is none, or it was deleted.
  virtual absl::StatusOr<const v1::AssignmentRule*> FindRule(const std::string& name) = 0;
  // Of the rule; null where there were none.
  virtual absl::StatusOr<const v1::AssignmentTurns*> FindTurns(const std::string& rule) = 0;
  virtual absl::StatusOr<const users::v1::User*> FindUser(const std::string& name) = 0;
  virtual absl::StatusOr<bool> HasTeam(const std::string& name) = 0;
  // How many open records of the rule's resource each of them has.
  virtual absl::StatusOr<std::vector<int64_t>> CountOpen(absl::Span<const std::string> users) = 0;
  // The users who have another open lead of the contact that the record, a lead, is of: who had
  // theirs first, first.
  virtual absl::StatusOr<std::vector<std::string>> OwnersOfContact() = 0;
};

// Borrows everything.
struct AssignmentQuestion {
  const std::string& rule;
  const google::protobuf::Message& record;
  const Collection& collection;  // the record's
  TurnMoment moment;
  bool ignore_capacity = false;
};

// Without the record and whose it was. `owner` is empty where nobody can take it: then passed_over
// has all who were asked. ASSIGNMENT_RULES_ERROR_TOO_MANY_RULES.
absl::StatusOr<v1::Assignment> Assign(const AssignmentQuestion& question, AssignmentFacts& facts);

// When the first of them can take something; nullopt where that is not known of any.
std::optional<absl::Time> FirstFree(const v1::Assignment& assignment);

// ASSIGNMENT_RULES_ERROR_NOBODY_AVAILABLE.
absl::Status NobodyAvailable(const std::string& rule, const std::string& record,
                             const v1::Assignment& assignment);
// ASSIGNMENT_RULES_ERROR_WRONG_RESOURCE; OK where the record is of the rule's resource.
absl::Status CheckResource(const v1::AssignmentRule& rule, const std::string& record);

}  // namespace kith::assignment_rules
