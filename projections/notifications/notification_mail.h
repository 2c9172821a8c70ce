// NotificationMail: what a user wants to be told of by mail is mailed when its time has come: what
// is told of one user at one time by one mail. When that is HoldNotificationMail decides; the
// effect that sends mail does it (services/notifications/notification_mail_effect.h), and where the
// server has none it waits.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::notifications {

// Of which one mail tells at most.
inline constexpr int kMailedMax = 100;

class NotificationMail final : public projections::Policy {
 public:
  static constexpr absl::string_view kName = "notification_mail";

  NotificationMail() : Policy(kName, 1, "Mails to users what they want to be told by mail.") {}
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override { return {"notifications"}; }
  bool Concerns(const eventstore::RecordedEvent& event) const override;
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::notifications
