// MessageNotices: who sent a message is told when somebody opens it, or follows a link in it, for
// the first time. What Kith sent by itself tells nobody, nor does what programs do.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::notifications {

class MessageNotices final : public projections::Policy {
 public:
  MessageNotices()
      : Policy("message_notices", 1, "Tells people that a message of theirs was opened.") {}
  std::string base() const override { return "message_directory"; }
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override { return {}; }
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::notifications
