// ScoreNotices: the owner of a record is told when its score reaches a threshold of a model.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::notifications {

class ScoreNotices final : public projections::Policy {
 public:
  ScoreNotices()
      : Policy("score_notices", 1,
               "Tells the owner of a record that its score reached a threshold.") {}
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override { return {"scores"}; }
  bool Concerns(const eventstore::RecordedEvent& event) const override;
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::notifications
