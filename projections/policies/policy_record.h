// The policy record: what became of what a policy did in a workspace, and whether it is paused
// there, at any moment. One row for each policy that something became of.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kith/policies/v1/policy.pb.h"
#include "projections/engine/projection.h"
#include "projections/tables/table.h"

namespace kith::policies {

class PolicyRecord final : public projections::Projection {
 public:
  static constexpr absl::string_view kName = "policy_record";
  static const projections::Table<v1::Policy>& Policies();

  absl::string_view name() const override { return kName; }
  int version() const override { return 1; }
  std::vector<std::string> categories() const override { return {"policies"}; }
  bool reads_personal() const override { return false; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

}  // namespace kith::policies
