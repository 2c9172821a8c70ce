// The commands on webhooks and deliveries: what each is decided on, and what it is answered with.
#pragma once

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/seal/key_store.h"
#include "kith/webhooks/v1/webhook_deliveries_service.pb.h"
#include "kith/webhooks/v1/webhooks_service.pb.h"
#include "services/core/decision.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"
#include "services/runtime/resources/resource_type.h"
#include "services/webhooks/webhook.h"
#include "services/webhooks/webhook_delivery.h"
#include "services/webhooks/webhook_secret.h"

namespace kith::webhooks {

// Of those on a webhook. Thread-safe; see MethodTable::Command.
class WebhookCommands {
 public:
  // Borrows the keys.
  explicit WebhookCommands(const eventstore::KeyStore& keys) : keys_(keys) {}

  template <class Command>
  Decision Run(runtime::Loader& load, const Command& command, const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const WebhookState* state, load.Load<WebhookAggregate>(command.name()));
    return Decide(*state, command, context);
  }
  absl::Status Render(runtime::Rendering& after, const v1::PauseWebhookRequest& command,
                      v1::Webhook* response) const {
    KITH_ASSIGN_OR_RETURN(const WebhookState* state, after.Load<WebhookAggregate>(command.name()));
    WriteReply(WebhookRules(), state->resource, response);
    return absl::OkStatus();
  }
  // The others answer with the webhook and the secret that they made.
  template <class Command, class Response>
  absl::Status Render(runtime::Rendering& after, const Command& command, Response* response) const {
    KITH_ASSIGN_OR_RETURN(const WebhookState* state, after.Load<WebhookAggregate>(command.name()));
    WriteReply(WebhookRules(), state->resource, response->mutable_webhook());
    if (after.secret().empty()) return absl::OkStatus();
    response->set_secret(SecretOf(keys_, after.workspace(), command.name(), after.secret()));
    return absl::OkStatus();
  }

 private:
  const eventstore::KeyStore& keys_;
};

// The same of those on a delivery.
class DeliveryCommands {
 public:
  explicit DeliveryCommands(std::vector<runtime::ResourceType> resources)
      : resources_(std::move(resources)) {}

  Decision Run(runtime::Loader& load, const v1::CallWebhookRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::QueueWebhookDeliveryRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::TestWebhookRequest& command,
               const CommandContext& context) const;
  template <class Command>
  Decision Run(runtime::Loader& load, const Command& command, const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const DeliveryState* state, load.Load<DeliveryAggregate>(command.name()));
    const WebhookState nothing;
    const WebhookState* webhook = &nothing;
    if (!state->resource.webhook().empty()) {
      KITH_ASSIGN_OR_RETURN(webhook, load.Load<WebhookAggregate>(state->resource.webhook()));
    }
    return Decide(*state, *webhook, command, context);
  }

  absl::Status Render(runtime::Rendering& after, const v1::QueueWebhookDeliveryRequest&,
                      v1::WebhookDelivery* response) const {
    return RenderMade(after, response);
  }
  absl::Status Render(runtime::Rendering& after, const v1::TestWebhookRequest&,
                      v1::WebhookDelivery* response) const {
    return RenderMade(after, response);
  }
  absl::Status Render(runtime::Rendering& after, const v1::CallWebhookRequest&,
                      v1::WebhookDelivery* response) const {
    return RenderMade(after, response);
  }
  template <class Command>
  absl::Status Render(runtime::Rendering& after, const Command& command,
                      v1::WebhookDelivery* response) const {
    KITH_ASSIGN_OR_RETURN(const DeliveryState* state,
                          after.Load<DeliveryAggregate>(command.name()));
    WriteReply(DeliveryRules(), state->resource, response);
    return absl::OkStatus();
  }

 private:
  // Empty where none was made.
  static absl::Status RenderMade(runtime::Rendering& after, v1::WebhookDelivery* response);

  const std::vector<runtime::ResourceType> resources_;
};

}  // namespace kith::webhooks
