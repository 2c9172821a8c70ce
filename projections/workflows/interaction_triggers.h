// InteractionTriggers: what is recorded under a contact sets off the workflows that wait for it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "projections/reactions/policy.h"

namespace kith::workflows {

class InteractionTriggers final : public projections::Policy {
 public:
  InteractionTriggers()
      : Policy("workflow_triggers_interactions", 4,
               "Sets off the workflows that wait for what is recorded about contacts.") {}
  // What was said stays sealed, so no condition asks for it.
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override {
    return {"workflows", "workflowRuns", "interactions", "contacts"};
  }
  bool Concerns(const eventstore::RecordedEvent& event) const override;
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::workflows
