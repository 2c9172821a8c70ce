// Everything that webhooks and their deliveries bring to a server.
#include <memory>
#include <string>
#include <vector>

#include "eventstore/base/custom_maps.h"
#include "projections/webhooks/webhook_delivery_directory.h"
#include "projections/webhooks/webhook_delivery_policy.h"
#include "projections/webhooks/webhook_directory.h"
#include "projections/webhooks/webhook_triggers.h"
#include "services/runtime/server_builder.h"
#include "services/webhooks/webhook.h"
#include "services/webhooks/webhook_commands.h"
#include "services/webhooks/webhook_delivery.h"

namespace kith::webhooks {
namespace {

// What a company works on, it wants fields of its own of.
bool IsTold(const runtime::ResourceType& type) {
  return !CustomMapsOf(*type.rules->resource->GetDescriptor()).empty();
}

void BindMethods(const std::vector<runtime::ResourceType>& resources, runtime::Runtime& runtime,
                 runtime::MethodTable& methods) {
  const WebhookCommands webhooks(runtime.keys);
  methods.Command<v1::ActivateWebhookRequest, v1::ActivateWebhookResponse>(webhooks);
  methods.Command<v1::PauseWebhookRequest, v1::Webhook>(webhooks);
  methods.Command<v1::RotateWebhookSecretRequest, v1::RotateWebhookSecretResponse>(webhooks);
  const DeliveryCommands deliveries(resources);
  methods.Command<v1::CallWebhookRequest, v1::WebhookDelivery>(deliveries);
  methods.Command<v1::TestWebhookRequest, v1::WebhookDelivery>(deliveries);
  methods.Command<v1::ReplayWebhookDeliveryRequest, v1::WebhookDelivery>(deliveries);
  methods.Command<v1::QueueWebhookDeliveryRequest, v1::WebhookDelivery>(deliveries);
  methods.Command<v1::EndWebhookDeliveryRequest, v1::WebhookDelivery>(deliveries);
}

}  // namespace

void Register(runtime::ServerBuilder& server) {
  server.AddResource<WebhookAggregate, v1::GetWebhookRequest>(WebhookRules(),
                                                              std::make_unique<WebhookDirectory>());
  server.AddResource<DeliveryAggregate, v1::GetWebhookDeliveryRequest>(
      DeliveryRules(), std::make_unique<WebhookDeliveryDirectory>());
  server.AddPolicy(std::make_unique<InteractionWebhooks>());
  server.AddPolicyOfDirectory(std::string(kNotifications),
                              [](const projections::ResourceDirectory& directory) {
                                return std::make_unique<NotificationWebhooks>(directory);
                              });
  server.AddPolicy(std::make_unique<WebhookDeliveryPolicy>());
  server.AddPolicyOfEach(
      [](const runtime::ResourceType& type) -> std::unique_ptr<projections::Policy> {
        if (!IsTold(type)) return nullptr;
        return std::make_unique<WebhookTriggers>(type.rules->category, *type.directory);
      });
  server.Serve([&server](runtime::Runtime& runtime, runtime::MethodTable& methods) {
    BindMethods(server.resources(), runtime, methods);
  });
}

}  // namespace kith::webhooks
