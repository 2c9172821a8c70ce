// What the fields of an assignment rule must not be. Pure functions, any thread.
#pragma once

#include "absl/status/status.h"
#include "kith/assignment_rules/v1/assignment_rule.pb.h"
#include "services/core/collection.h"

namespace kith::assignment_rules {

// See ResourceRules. ASSIGNMENT_RULES_ERROR_INVALID_RULE names every place.
absl::Status CheckFields(const v1::AssignmentRule& rule, const ServerFacts& facts);

}  // namespace kith::assignment_rules
