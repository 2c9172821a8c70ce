// MeetingInvitations: where a meeting says so, those of its attendees who are contacts are told of
// it by mail: that they are invited, that it is at another time or place, that it is cancelled.
// What the mail says, and whether it may be sent, is decided as it is sent; where it is not,
// whoever arranges the meeting is told why.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::meetings {

class MeetingInvitations final : public projections::Policy {
 public:
  static constexpr absl::string_view kName = "meeting_invitations";

  MeetingInvitations()
      : Policy(kName, 2, "Tells contacts by mail of the meetings that they are invited to.") {}
  std::string base() const override { return "meeting_directory"; }
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override { return {}; }
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::meetings
