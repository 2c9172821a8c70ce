// The folds of webhooks and of deliveries: those of their rows and of the states that commands are
// decided on. Pure; any thread. As FoldStandardEvent.
#pragma once

#include "eventstore/base/standard_events.h"
#include "kith/webhooks/v1/webhook.pb.h"
#include "kith/webhooks/v1/webhook_delivery.pb.h"

namespace kith::webhooks {

StandardEvent FoldWebhook(const Happening& happening, v1::Webhook& webhook);
StandardEvent FoldDelivery(const Happening& happening, v1::WebhookDelivery& delivery);

}  // namespace kith::webhooks
