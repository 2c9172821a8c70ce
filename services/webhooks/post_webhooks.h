// How a server is told to post to webhooks.
#pragma once

#include "services/runtime/effects/back_off.h"
#include "services/runtime/effects/http_client.h"
#include "services/runtime/server_builder.h"

namespace kith::webhooks {

struct WebhookOptions {
  runtime::HttpOptions http;
  size_t at_once_max = 8;  // posts to one webhook
  runtime::BackOff back_off{absl::Seconds(10), absl::Hours(1), absl::Hours(24)};
  // Deliveries to one webhook that wait to be tried again; a further one fails at once.
  size_t waiting_max = 500;
};

// Deliveries are posted, and no webhook is saved with an address that none is posted to. Without it
// they wait.
void PostWebhooks(runtime::ServerBuilder& server, const WebhookOptions& options);

}  // namespace kith::webhooks
