// The delivery directory: what was told to which webhook, and what came of it.
#pragma once

#include "kith/webhooks/v1/webhook_delivery.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::webhooks {

class WebhookDeliveryDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "webhook_delivery_directory";

  // By index: webhook, record, state, owner, create_time, each of the former with the last.
  static const projections::Table<v1::WebhookDelivery>& Deliveries();

  WebhookDeliveryDirectory();
};

}  // namespace kith::webhooks
