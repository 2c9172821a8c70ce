#include "services/webhooks/webhook_delivery.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "kith/webhooks/v1/webhooks_errors.pb.h"
#include "projections/webhooks/webhook_fold.h"
#include "services/core/by_itself.h"
#include "services/core/json_depth.h"
#include "services/core/links.h"
#include "services/core/reject.h"
#include "services/core/resource_events.h"

namespace kith::webhooks {
namespace {

constexpr int kJsonDepthMax = 50;

absl::Status CheckIsKith(const CommandContext& context) {
  if (IsDoneByPolicy(context, "webhook")) return absl::OkStatus();
  return Reject(v1::WEBHOOKS_ERROR_DELIVERED_BY_ITSELF,
                "Deliveries are queued and ended by themselves. Replay one, or test the webhook.");
}

Changes Created(v1::WebhookDelivery delivery, IdPool& ids, const std::string& payload = "") {
  const std::string name = absl::StrCat(DeliveryAggregate::kCategory, "/", ids.Next());
  delivery.set_state(v1::PENDING);
  const std::string person = PersonOf(delivery);
  auto event = CreatedEvent<v1::WebhookDeliveryEvent>(name, std::move(delivery));
  if (!payload.empty()) {
    event.mutable_webhook_delivery_created()->set_person(person);
    event.mutable_webhook_delivery_created()->mutable_call()->set_payload(payload);
  }
  return Changes().Append(name, std::move(event));
}

absl::Status NotActive(absl::string_view webhook) {
  return RejectState(v1::WEBHOOKS_ERROR_WEBHOOK_NOT_ACTIVE,
                     "The webhook is not active. Activate it first.", webhook);
}

// What says about the webhook's server that it does not take deliveries. What the webhook was
// itself, as paused, does not.
bool IsOfReceiver(v1::DeliveryFailure failure) {
  switch (failure) {
    case v1::GAVE_UP:
    case v1::RECEIVER_GONE:
    case v1::ADDRESS_REFUSED:
    case v1::TOO_MANY_WAITING:
      return true;
    default:
      return false;
  }
}

// What the end of a delivery makes of its webhook, where that is still told of events.
Changes Count(const v1::Webhook& webhook, const v1::EndWebhookDeliveryRequest& ended,
              Changes changes) {
  v1::WebhookEvent event;
  if (ended.failure() == v1::DELIVERY_FAILURE_UNSPECIFIED) {
    if (webhook.failures_in_a_row() == 0) return changes;
    event.mutable_webhook_recovered()->set_name(webhook.name());
    event.mutable_webhook_recovered()->set_webhook_delivery(ended.name());
  } else if (!IsOfReceiver(ended.failure())) {
    return changes;
  } else if (const int failures = webhook.failures_in_a_row() + 1;
             failures >= kFailuresMax || ended.failure() == v1::RECEIVER_GONE) {
    v1::WebhookStopped& stopped = *event.mutable_webhook_stopped();
    stopped.set_name(webhook.name());
    stopped.set_webhook_delivery(ended.name());
    stopped.set_failure(ended.failure());
    stopped.set_reply_status(ended.reply_status());
    stopped.set_failures_in_a_row(failures);
  } else {
    v1::WebhookFailed& failed = *event.mutable_webhook_failed();
    failed.set_name(webhook.name());
    failed.set_webhook_delivery(ended.name());
    failed.set_failures_in_a_row(failures);
  }
  return std::move(changes).Append(webhook.name(), std::move(event));
}

}  // namespace

std::string PersonOf(const v1::WebhookDelivery& call) {
  return call.record().empty() ? call.webhook() : call.record();
}

bool IsJson(const std::string& text) {
  if (IsDeeperThan(text, kJsonDepthMax)) return false;
  google::protobuf::Value value;
  return google::protobuf::util::JsonStringToMessage(text, &value).ok();
}

DeliveryState Evolve(DeliveryState state, const Recorded<v1::WebhookDeliveryEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource, FoldDelivery);
  return state;
}

const ResourceRules& DeliveryRules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<DeliveryAggregate>()
                             .NotFound(v1::WEBHOOKS_ERROR_WEBHOOK_DELIVERY_NOT_FOUND)
                             .LinkNotFound(v1::WEBHOOKS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .FoldedBy<FoldDelivery>()
                             .Build());
  return rules;
}

Decision Decide(const WebhookState& webhook, bool is_readable,
                const v1::QueueWebhookDeliveryRequest& command, const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckIsKith(context));
  const bool is_told = webhook.lifecycle == Lifecycle::kActive &&
                       webhook.resource.state() == v1::ACTIVE &&
                       webhook.resource.acts_for() == context.on_behalf_of;
  if (!is_told || !is_readable) return NoChange();
  v1::WebhookDelivery delivery;
  delivery.set_webhook(command.webhook());
  delivery.set_owner(webhook.resource.acts_for());
  delivery.set_record(command.record());
  delivery.set_event_type(command.event_type());
  delivery.set_event_sequence(command.event_sequence());
  delivery.set_event_stream(command.event_stream());
  delivery.set_event_revision(command.event_revision());
  return Created(std::move(delivery), context.ids);
}

Decision Decide(const WebhookState& webhook, const v1::TestWebhookRequest& command,
                const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckThere(webhook, command.name()));
  if (webhook.resource.secrets().empty()) {
    return RejectState(v1::WEBHOOKS_ERROR_NO_SECRET,
                       "The webhook has no secret to sign with. Activate it, or rotate its secret.",
                       command.name());
  }
  v1::WebhookDelivery delivery;
  delivery.set_webhook(command.name());
  delivery.set_owner(std::string(context.user));
  delivery.set_event_type(std::string(kTestType));
  return Created(std::move(delivery), context.ids);
}

Decision Decide(const WebhookState& webhook, const LinkedRecord& record,
                const v1::CallWebhookRequest& command, const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckThere(webhook, command.webhook()));
  if (webhook.resource.state() != v1::ACTIVE) return NotActive(command.webhook());
  if (!command.record().empty()) {
    const LinkedRecord* const records[] = {&record};
    KITH_RETURN_IF_ERROR(CheckLinks(v1::WEBHOOKS_ERROR_LINKED_RECORD_NOT_FOUND,
                                    {{"record", command.record()}}, records));
  }
  if (!IsJson(command.payload())) return RejectField("payload", "must be JSON");
  v1::WebhookDelivery delivery;
  delivery.set_webhook(command.webhook());
  delivery.set_owner(std::string(context.user));
  delivery.set_record(command.record());
  delivery.set_event_type(std::string(kCallType));
  return Created(std::move(delivery), context.ids, command.payload());
}

Decision Decide(const DeliveryState& state, const WebhookState& webhook,
                const v1::ReplayWebhookDeliveryRequest& command, const CommandContext&) {
  if (state.lifecycle != Lifecycle::kActive) {
    return ResourceNotFound(DeliveryRules(), command.name());
  }
  const v1::WebhookDelivery& delivery = state.resource;
  KITH_RETURN_IF_ERROR(CheckEtag(command.etag(), delivery.etag()));
  KITH_RETURN_IF_ERROR(CheckThere(webhook, delivery.webhook()));
  if (delivery.state() == v1::PENDING) {
    return RejectState(v1::WEBHOOKS_ERROR_DELIVERY_PENDING, "The delivery is about to be posted.",
                       delivery.name());
  }
  if (webhook.resource.state() != v1::ACTIVE && delivery.event_type() != kTestType) {
    return NotActive(delivery.webhook());
  }
  v1::WebhookDeliveryEvent event;
  v1::WebhookDeliveryReplayed& replayed = *event.mutable_webhook_delivery_replayed();
  replayed.set_name(delivery.name());
  replayed.set_webhook(delivery.webhook());
  replayed.set_record(delivery.record());
  return Changes().Append(delivery.name(), std::move(event));
}

Decision DecideTried(const DeliveryState& state, v1::WebhookDeliveryTried tried) {
  if (state.lifecycle != Lifecycle::kActive || state.resource.state() != v1::PENDING) {
    return NoChange();
  }
  const std::string name = tried.name();
  v1::WebhookDeliveryEvent event;
  *event.mutable_webhook_delivery_tried() = std::move(tried);
  return Changes().Append(name, std::move(event));
}

Decision Decide(const DeliveryState& state, const WebhookState& webhook,
                const v1::EndWebhookDeliveryRequest& command, const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckIsKith(context));
  if (state.lifecycle != Lifecycle::kActive) {
    return ResourceNotFound(DeliveryRules(), command.name());
  }
  if (state.resource.state() != v1::PENDING) return NoChange();
  v1::WebhookDeliveryEvent event;
  v1::WebhookDeliveryEnded& ended = *event.mutable_webhook_delivery_ended();
  ended.set_name(command.name());
  ended.set_state(command.failure() == v1::DELIVERY_FAILURE_UNSPECIFIED ? v1::DELIVERED
                                                                        : v1::FAILED);
  ended.set_failure(command.failure());
  ended.set_reply_status(command.reply_status());
  ended.set_attempts(command.attempts());
  if (!command.answer().empty()) {
    ended.set_person(PersonOf(state.resource));
    ended.mutable_answer()->set_body(command.answer());
  }
  Changes changes = Changes().Append(command.name(), std::move(event));
  // A test says nothing of what it is told otherwise.
  const bool counts = webhook.lifecycle == Lifecycle::kActive &&
                      webhook.resource.state() == v1::ACTIVE &&
                      state.resource.event_type() != kTestType;
  return counts ? Count(webhook.resource, command, std::move(changes)) : std::move(changes);
}

}  // namespace kith::webhooks
