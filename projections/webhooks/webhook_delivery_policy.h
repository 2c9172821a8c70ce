// WebhookDeliveryPolicy: what is queued for webhooks is posted. The effect that posts does it
// (services/webhooks/webhook_effect.h); where the server has none, it waits.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::webhooks {

class WebhookDeliveryPolicy final : public projections::Policy {
 public:
  static constexpr absl::string_view kName = "webhook_delivery";

  WebhookDeliveryPolicy() : Policy(kName, 1, "Posts to webhooks what is queued for them.") {}
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override { return {"webhookDeliveries"}; }
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::webhooks
