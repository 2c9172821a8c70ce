// The assignment rule directory: which assignment rules there are, and which of them have this
// name, or are for this resource.
#pragma once

#include "kith/assignment_rules/v1/assignment_rule.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::assignment_rules {

class AssignmentRuleDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "assignment_rule_directory";

  // Beside every field: the words of the name. By index: these, display_name, resource,
  // create_time. Names are compared by their normal forms.
  static const projections::Table<v1::AssignmentRule>& AssignmentRules();

  AssignmentRuleDirectory()
      : ResourceDirectory(kName, 1, "assignmentRules", AssignmentRules().core()) {}
};

}  // namespace kith::assignment_rules
