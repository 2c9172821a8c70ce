// What a webhook must not be: addresses and events that there cannot be. Pure.
#pragma once

#include "absl/status/status.h"
#include "google/rpc/error_details.pb.h"
#include "kith/webhooks/v1/webhook.pb.h"
#include "services/core/collection.h"

namespace kith::webhooks {

// WEBHOOKS_ERROR_INVALID_WEBHOOK, all violations at once.
absl::Status CheckFields(const v1::Webhook& webhook, const ServerFacts& facts);
// The same for these; OK where there is none.
absl::Status InvalidWebhook(const google::rpc::BadRequest& violations);

}  // namespace kith::webhooks
