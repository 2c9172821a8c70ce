// The webhook: an address that is told of what happens. Its rules, and the commands of its own.
//
// Pure: see services/core/decider.h. A webhook is told what whoever activated it may read, so
// whoever changes where it is or what it is told takes that away. Of its secrets there are ids
// here: what they are is derived from them (webhook_secret.h).
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kith/webhooks/v1/webhook.pb.h"
#include "kith/webhooks/v1/webhook_events.pb.h"
#include "kith/webhooks/v1/webhooks_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/resource_rules.h"

namespace kith::webhooks {

// So many deliveries in a row that fail pause it.
inline constexpr int kFailuresMax = 10;
// Secrets that sign at once.
inline constexpr int kSecretsMax = 3;

struct WebhookState : ResourceState<v1::Webhook> {};

struct WebhookAggregate {
  using Resource = v1::Webhook;
  using State = WebhookState;
  using Event = v1::WebhookEvent;
  static constexpr absl::string_view kCategory = "webhooks";
};
WebhookState Evolve(WebhookState state, const Recorded<v1::WebhookEvent>& recorded);

const ResourceRules& WebhookRules();

// What they give to Changes::WithSecret is the id of a secret that they made.
// WEBHOOKS_ERROR_WEBHOOK_NOT_FOUND, _NOT_PERMITTED; ERROR_ETAG_MISMATCH.
Decision Decide(const WebhookState& state, const v1::ActivateWebhookRequest& command,
                const CommandContext& context);
// WEBHOOKS_ERROR_WEBHOOK_NOT_FOUND; ERROR_ETAG_MISMATCH.
Decision Decide(const WebhookState& state, const v1::PauseWebhookRequest& command,
                const CommandContext& context);
// WEBHOOKS_ERROR_WEBHOOK_NOT_FOUND, _TOO_MANY_SECRETS; ERROR_ETAG_MISMATCH, ERROR_INVALID_FIELD.
Decision Decide(const WebhookState& state, const v1::RotateWebhookSecretRequest& command,
                const CommandContext& context);

// WEBHOOKS_ERROR_WEBHOOK_NOT_FOUND where it is not there.
absl::Status CheckThere(const WebhookState& state, absl::string_view name);
// "deals.read": what it takes to be told of events of a resource.
std::string PermissionToRead(absl::string_view resource);
// Whether it asks of the resource's records what they hold.
bool HasCondition(const v1::Webhook& webhook, absl::string_view resource);
// The ids of the secrets that sign at this moment, the present one first.
std::vector<std::string> SigningAt(const v1::Webhook& webhook, absl::Time now);

}  // namespace kith::webhooks
