// InteractionTriggers: what is recorded under a contact sets off the workflows that wait for it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "projections/reactions/policy.h"

namespace kith::workflows {

// What a trigger calls them.
inline constexpr absl::string_view kInteractions = "interactions";

class InteractionTriggers final : public projections::Policy {
 public:
  InteractionTriggers()
      : Policy("workflow_triggers_interactions", 1,
               "Sets off the workflows that wait for what is recorded about contacts.") {}
  // What was said stays sealed, so no condition asks for it.
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override { return {"workflows", "interactions"}; }
  bool Concerns(const eventstore::RecordedEvent& event) const override;
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

// OK where a trigger can ask this of an interaction; else what is wrong, as a list would say it.
absl::Status CheckInteractionCondition(absl::string_view condition);

}  // namespace kith::workflows
