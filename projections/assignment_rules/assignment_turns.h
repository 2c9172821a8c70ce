// AssignmentTurns: whose turn is next of each rule, as of any moment.
#pragma once

#include <string>
#include <vector>

#include "kith/assignment_rules/v1/assignment_rule_rows.pb.h"
#include "projections/engine/projection.h"
#include "projections/tables/table.h"

namespace kith::assignment_rules {

class AssignmentTurns final : public projections::Projection {
 public:
  static constexpr absl::string_view kName = "assignment_turns";

  // By the name of the stream, "assignmentTurns/01J…".
  static const projections::Table<v1::AssignmentTurns>& Turns();

  absl::string_view name() const override { return kName; }
  int version() const override { return 1; }
  std::vector<std::string> categories() const override { return {"assignmentTurns"}; }
  bool reads_personal() const override { return false; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

}  // namespace kith::assignment_rules
