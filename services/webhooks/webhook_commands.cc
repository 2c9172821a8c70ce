#include "services/webhooks/webhook_commands.h"

#include <utility>

#include "services/runtime/admission/field_groups.h"

namespace kith::webhooks {
namespace {

// Its id was drawn.
Decision ExpectNew(runtime::Loader& load, Decision decision) {
  if (decision.ok() && !decision->empty()) load.ExpectAbsent(decision->list()[0].stream);
  return decision;
}

}  // namespace

Decision DeliveryCommands::Run(runtime::Loader& load,
                               const v1::QueueWebhookDeliveryRequest& command,
                               const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const WebhookState* webhook,
                        load.Load<WebhookAggregate>(command.webhook()));
  const std::string permission = PermissionToRead(command.resource());
  // Whether an event comes tells what a condition asks for.
  bool is_readable = load.caller().grants.Contain(permission) &&
                     (runtime::ReadsAllGroups(load.caller()) ||
                      !HasCondition(webhook->resource, command.resource()));
  if (is_readable) {
    KITH_ASSIGN_OR_RETURN(is_readable, load.Sees(command.record(), permission));
  }
  return ExpectNew(load, Decide(*webhook, is_readable, command, context));
}

Decision DeliveryCommands::Run(runtime::Loader& load, const v1::CallWebhookRequest& command,
                               const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const WebhookState* webhook,
                        load.Load<WebhookAggregate>(command.webhook()));
  LinkedRecord record;
  for (const runtime::ResourceType& type : resources_) {
    if (type.rules->category != eventstore::CategoryOf(command.record())) continue;
    KITH_ASSIGN_OR_RETURN(const void* const state,
                          load.LoadState(*type.aggregate, command.record()));
    record.lifecycle = type.now_of(state).lifecycle;
  }
  return ExpectNew(load, Decide(*webhook, record, command, context));
}

Decision DeliveryCommands::Run(runtime::Loader& load, const v1::TestWebhookRequest& command,
                               const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const WebhookState* webhook, load.Load<WebhookAggregate>(command.name()));
  return ExpectNew(load, Decide(*webhook, command, context));
}

absl::Status DeliveryCommands::RenderMade(runtime::Rendering& after,
                                          v1::WebhookDelivery* response) {
  if (after.events().empty()) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const DeliveryState* state, after.LoadWritten<DeliveryAggregate>());
  WriteReply(DeliveryRules(), state->resource, response);
  return absl::OkStatus();
}

}  // namespace kith::webhooks
