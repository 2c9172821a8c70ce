// InteractionTriggers: what is recorded under a contact sets off the workflows that wait for it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kith/interactions/v1/interaction.pb.h"
#include "projections/reactions/policy.h"

namespace kith::workflows {

class InteractionTriggers final : public projections::Policy {
 public:
  InteractionTriggers()
      : Policy("workflow_triggers_interactions", 3,
               "Sets off the workflows that wait for what is recorded about contacts.") {}
  // What was said stays sealed, so no condition asks for it.
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override {
    return {"workflows", "workflowRuns", "interactions"};
  }
  bool Concerns(const eventstore::RecordedEvent& event) const override;
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

// The interaction that an event of one tells, where it was recorded.
std::optional<interactions::v1::Interaction> RecordedInteraction(
    const eventstore::RecordedEvent& event);
// The records that it is about, the one it was recorded under first.
std::vector<std::string> RecordsOfInteraction(const eventstore::RecordedEvent& event);

}  // namespace kith::workflows
