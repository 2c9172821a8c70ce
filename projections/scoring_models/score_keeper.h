// ScoreKeeper: the scores of a collection's records, as a policy: its rows are the scores, and it
// asks for what follows from them by itself: that rules which were saved are asked of what happened
// before, that points lapse, and that a threshold was crossed.
//
// An interaction or engagement that no rule is about costs a look at one short row. What the
// records are it is told by their directory, which it is based on; nothing of a record is kept here
// but its owner and with whom it is shared. What was matched stays under the name that the record
// had for it: one that others were merged into has the score of all of it, counted together.
// What a contact did with mails and on sites counts for the leads that name it then, too.
#pragma once

#include <string>
#include <vector>

#include "kith/scoring_models/v1/scoring_model.pb.h"
#include "projections/reactions/policy.h"
#include "projections/tables/resource_directory.h"

namespace kith::scoring_models {

class ScoreKeeper final : public projections::Policy {
 public:
  // Borrows the directory of what the target is.
  ScoreKeeper(v1::ScoreTarget target, const projections::ResourceDirectory& directory);
  std::string base() const override { return base_; }
  // Conditions ask for nothing personal of interactions; of records the directory has it.
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override;
  bool Concerns(const eventstore::RecordedEvent& event) const override;
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;

  const v1::ScoreTarget target_;
  const std::string prefix_;  // "contacts/"
  const std::string base_;
  const projections::TableCore& table_;
  const projections::MergedNames& names_;
};

}  // namespace kith::scoring_models
