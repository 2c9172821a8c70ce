// LeadResponses: a lead is answered when somebody first turns to it, or to the contact that it is:
// by an interaction that we began, by a message that was sent, or by a meeting that was held.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::leads {

// Of one contact so many unanswered leads are waited for, the first ones.
inline constexpr int kUnansweredMax = 100;

class LeadResponses final : public projections::Policy {
 public:
  LeadResponses()
      : Policy("lead_responses", 1,
               "Notes when a lead was first answered: by a call, a message or a meeting.") {}
  std::string base() const override { return "lead_directory"; }
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override;
  bool Concerns(const eventstore::RecordedEvent& event) const override;
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::leads
