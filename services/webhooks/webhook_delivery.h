// The delivery: one event that is told to one webhook. It comes into being pending, and is taken,
// or fails; then it may be replayed.
//
// Pure: see services/core/decider.h. What became of deliveries is counted in their webhook, by
// failures alone: while there are none, nothing is written to its stream.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "kith/webhooks/v1/webhook_deliveries_service.pb.h"
#include "kith/webhooks/v1/webhook_delivery.pb.h"
#include "kith/webhooks/v1/webhook_delivery_events.pb.h"
#include "kith/webhooks/v1/webhooks_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/linked_record.h"
#include "services/core/resource_rules.h"
#include "services/webhooks/webhook.h"

namespace kith::webhooks {

// The event type of a test.
inline constexpr absl::string_view kTestType = "webhook_test";
// And of a call.
inline constexpr absl::string_view kCallType = "webhook_call";
// Whose key seals what a call says and is answered.
std::string PersonOf(const v1::WebhookDelivery& call);
// Whether it is JSON.
bool IsJson(const std::string& text);

struct DeliveryState : ResourceState<v1::WebhookDelivery> {};

struct DeliveryAggregate {
  using Resource = v1::WebhookDelivery;
  using State = DeliveryState;
  using Event = v1::WebhookDeliveryEvent;
  static constexpr absl::string_view kCategory = "webhookDeliveries";
};
DeliveryState Evolve(DeliveryState state, const Recorded<v1::WebhookDeliveryEvent>& recorded);

const ResourceRules& DeliveryRules();

// That a delivery was not taken and is to be tried again, where it still is pending.
Decision DecideTried(const DeliveryState& state, v1::WebhookDeliveryTried tried);

// An event is queued for a webhook, where that is still active for whom it is queued, and
// `is_readable` to them. WEBHOOKS_ERROR_DELIVERED_BY_ITSELF.
Decision Decide(const WebhookState& webhook, bool is_readable,
                const v1::QueueWebhookDeliveryRequest& command, const CommandContext& context);
// WEBHOOKS_ERROR_WEBHOOK_NOT_FOUND, _NO_SECRET.
Decision Decide(const WebhookState& webhook, const v1::TestWebhookRequest& command,
                const CommandContext& context);
// About `record`, where one is named. WEBHOOKS_ERROR_WEBHOOK_NOT_FOUND, _WEBHOOK_NOT_ACTIVE,
// _LINKED_RECORD_NOT_FOUND; ERROR_INVALID_FIELD.
Decision Decide(const WebhookState& webhook, const LinkedRecord& record,
                const v1::CallWebhookRequest& command, const CommandContext& context);
// WEBHOOKS_ERROR_WEBHOOK_DELIVERY_NOT_FOUND, _DELIVERY_PENDING, _WEBHOOK_NOT_FOUND,
// _WEBHOOK_NOT_ACTIVE; ERROR_ETAG_MISMATCH.
Decision Decide(const DeliveryState& state, const WebhookState& webhook,
                const v1::ReplayWebhookDeliveryRequest& command, const CommandContext& context);
// WEBHOOKS_ERROR_DELIVERED_BY_ITSELF, _WEBHOOK_DELIVERY_NOT_FOUND.
Decision Decide(const DeliveryState& state, const WebhookState& webhook,
                const v1::EndWebhookDeliveryRequest& command, const CommandContext& context);

}  // namespace kith::webhooks
