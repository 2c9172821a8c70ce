#include "projections/messages/mail_delivery_policy.h"

#include "kith/messages/v1/message_delivery.pb.h"
#include "kith/messages/v1/message_events.pb.h"

namespace kith::messages {
namespace {

const v1::MessageEvent& EventIn(const eventstore::RecordedEvent& recorded) {
  return static_cast<const v1::MessageEvent&>(*recorded.event);
}

}  // namespace

bool MailDeliveryPolicy::Concerns(const eventstore::RecordedEvent& event) const {
  return EventIn(event).has_message_queued();
}

absl::Status MailDeliveryPolicy::React(const eventstore::RecordedEvent& event,
                                       projections::ViewBatch&,
                                       projections::Reactions& reactions) const {
  const v1::MessageQueued& queued = EventIn(event).message_queued();
  if (queued.message().channel() != v1::EMAIL) return absl::OkStatus();
  v1::DeliverMessageRequest request;
  request.set_name(queued.name());
  return reactions.Add(request);
}

}  // namespace kith::messages
