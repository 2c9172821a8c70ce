#include "projections/assignment_rules/assignment_rule_directory.h"

#include "eventstore/base/normalise.h"

namespace kith::assignment_rules {

using projections::Table;
using projections::TableBuilder;

const Table<v1::AssignmentRule>& AssignmentRuleDirectory::AssignmentRules() {
  static const auto& table = *new Table<v1::AssignmentRule>(
      TableBuilder<v1::AssignmentRule>(1)
          .Key([](const v1::AssignmentRule& assignment_rule) { return assignment_rule.name(); })
          .Words([](const v1::AssignmentRule& assignment_rule, projections::WordSink& out) {
            out.Add(assignment_rule.display_name());
          })
          .Field("display_name", {.normalise = FoldedName})
          .Alias()
          .Field("resource")
          .Field("create_time")
          .Index(1, {"display_name"})
          .Index(2, {"resource", "display_name"})
          .Index(3, {"create_time"})
          .Index(4, {"words"})
          .Build());
  return table;
}

}  // namespace kith::assignment_rules
