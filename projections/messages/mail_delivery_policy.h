// MailDeliveryPolicy: what is queued is to be sent. The effect that sends mail does it
// (services/messages/mail_effect.h); where the server has none, it waits.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::messages {

class MailDeliveryPolicy final : public projections::Policy {
 public:
  static constexpr absl::string_view kName = "mail_delivery";

  MailDeliveryPolicy() : Policy(kName, 1, "Sends the messages that are queued.") {}
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override { return {"messages"}; }
  bool Concerns(const eventstore::RecordedEvent& event) const override;
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::messages
