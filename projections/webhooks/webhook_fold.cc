#include "projections/webhooks/webhook_fold.h"

#include "eventstore/base/proto_time.h"
#include "kith/webhooks/v1/webhook_delivery_events.pb.h"
#include "kith/webhooks/v1/webhook_events.pb.h"

namespace kith::webhooks {

StandardEvent FoldWebhook(const Happening& happening, v1::Webhook& webhook) {
  const StandardEvent kind = FoldStandardEvent(happening, webhook);
  const auto& event = static_cast<const v1::WebhookEvent&>(happening.event);
  if (event.has_webhook_failed()) {
    webhook.set_failures_in_a_row(event.webhook_failed().failures_in_a_row());
  } else if (event.has_webhook_recovered()) {
    webhook.clear_failures_in_a_row();
  } else if (event.has_webhook_stopped()) {
    webhook.set_failures_in_a_row(event.webhook_stopped().failures_in_a_row());
    webhook.set_state(v1::PAUSED);
    webhook.set_pause_reason(v1::FAILING);
    webhook.clear_activated_with();
  }
  return kind;
}

StandardEvent FoldDelivery(const Happening& happening, v1::WebhookDelivery& delivery) {
  const StandardEvent kind = FoldStandardEvent(happening, delivery);
  const auto& event = static_cast<const v1::WebhookDeliveryEvent&>(happening.event);
  if (event.has_webhook_delivery_ended()) {
    const v1::WebhookDeliveryEnded& ended = event.webhook_delivery_ended();
    delivery.set_state(ended.state());
    delivery.set_failure(ended.failure());
    delivery.set_reply_status(ended.reply_status());
    delivery.set_attempts(ended.attempts());
    *delivery.mutable_end_time() = ToTimestamp(happening.occur_time);
    delivery.clear_next_try_time();
  } else if (event.has_webhook_delivery_replayed()) {
    delivery.set_state(v1::PENDING);
    delivery.clear_failure();
    delivery.clear_reply_status();
    delivery.clear_attempts();
    delivery.clear_end_time();
    delivery.clear_next_try_time();
    delivery.set_replays(delivery.replays() + 1);
  } else if (event.has_webhook_delivery_tried()) {
    const v1::WebhookDeliveryTried& tried = event.webhook_delivery_tried();
    delivery.set_attempts(tried.attempts());
    delivery.set_reply_status(tried.reply_status());
    *delivery.mutable_next_try_time() = tried.next_try_time();
  }
  return kind;
}

}  // namespace kith::webhooks
