// WorkflowTriggers: what happens to records of one resource sets off the workflows that wait for
// it. One of each resource that has custom fields.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"
#include "projections/tables/resource_directory.h"

namespace kith::workflows {

class WorkflowTriggers final : public projections::Policy {
 public:
  // Borrows the directory of `collection`, "deals".
  WorkflowTriggers(absl::string_view collection, const projections::ResourceDirectory& directory);
  std::string base() const override { return base_; }

 private:
  // Which workflows are active it remembers by itself.
  std::vector<std::string> Follows() const override { return {"workflows"}; }
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;

  const std::string collection_;
  const std::string base_;
  const projections::TableCore& table_;
};

}  // namespace kith::workflows
