// NotificationSnoozes: what a user wants to hear no more of for a while comes back as unread.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::notifications {

class NotificationSnoozes final : public projections::Policy {
 public:
  NotificationSnoozes()
      : Policy("notification_snoozes", 1, "Brings notifications back that were snoozed.") {}
  std::string base() const override { return "notification_directory"; }
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override { return {}; }
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::notifications
