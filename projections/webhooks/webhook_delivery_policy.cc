#include "projections/webhooks/webhook_delivery_policy.h"

#include "absl/strings/str_cat.h"
#include "kith/webhooks/v1/webhook_delivery_events.pb.h"

namespace kith::webhooks {
namespace {

// A webhook is told what happens to a record in its order, and of different records side by side.
absl::Status Post(const std::string& delivery, absl::string_view webhook, absl::string_view record,
                  projections::Reactions& reactions) {
  v1::DeliverWebhookRequest request;
  request.set_name(delivery);
  request.set_webhook(std::string(webhook));
  const std::string subject = absl::StrCat(webhook, "/", record);
  return reactions.Add({&request}, {.continues = true, .subject = subject});
}

}  // namespace

absl::Status WebhookDeliveryPolicy::React(const eventstore::RecordedEvent& recorded,
                                          projections::ViewBatch&,
                                          projections::Reactions& reactions) const {
  const auto& event = static_cast<const v1::WebhookDeliveryEvent&>(*recorded.event);
  if (event.has_webhook_delivery_created()) {
    const v1::WebhookDeliveryCreated& created = event.webhook_delivery_created();
    return Post(created.name(), created.webhook_delivery().webhook(),
                created.webhook_delivery().record(), reactions);
  }
  if (event.has_webhook_delivery_replayed()) {
    const v1::WebhookDeliveryReplayed& replayed = event.webhook_delivery_replayed();
    return Post(replayed.name(), replayed.webhook(), replayed.record(), reactions);
  }
  return absl::OkStatus();
}

}  // namespace kith::webhooks
