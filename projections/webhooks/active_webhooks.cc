#include "projections/webhooks/active_webhooks.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "eventstore/base/standard_events.h"
#include "eventstore/base/status_macros.h"
#include "kith/webhooks/v1/webhook.pb.h"
#include "kith/webhooks/v1/webhook_deliveries_service.pb.h"
#include "projections/tables/fold_resource.h"
#include "projections/tables/row_filter.h"
#include "projections/tables/table.h"
#include "projections/webhooks/webhook_fold.h"

namespace kith::webhooks {
namespace {

using projections::Table;
using projections::TableBuilder;
using projections::ViewBatch;

constexpr char kActive[] = "active";  // the key of the one row of a workspace

// Every webhook, to be folded on; and those that are active and told of the resource.
const Table<v1::Webhook>& Webhooks() {
  static const auto& table = *new Table<v1::Webhook>(
      TableBuilder<v1::Webhook>(1)
          .Key([](const v1::Webhook& webhook) -> const std::string& { return webhook.name(); })
          .Build());
  return table;
}
const Table<v1::ActiveWebhooks>& Active() {
  static const auto& table = *new Table<v1::ActiveWebhooks>(
      TableBuilder<v1::ActiveWebhooks>(2)
          .Key([](const v1::ActiveWebhooks&) -> std::string { return kActive; })
          .Build());
  return table;
}

bool Holds(const std::string& condition, const AskedRow& asked, absl::Time now) {
  if (asked.row == nullptr) return condition.empty();
  return projections::RowHolds(*asked.table, condition, *asked.row, now);
}

bool AsksFor(const v1::ActiveWebhook& webhook, const std::string& type, const AskedRow& asked,
             absl::Time now) {
  return std::any_of(webhook.events().begin(), webhook.events().end(), [&](const auto& events) {
    const bool is_asked =
        events.types().empty() ||
        std::find(events.types().begin(), events.types().end(), type) != events.types().end();
    return is_asked && Holds(events.condition(), asked, now);
  });
}

// Whether whoever is told did it themselves. What a workflow does for a user comes back to nobody.
bool IsOwn(const v1::ActiveWebhook& webhook, const eventstore::EventHeader& header) {
  const std::string& key = webhook.activated_with();
  const std::string& user = webhook.acts_for();
  if (!key.empty() && header.actor == key) return true;
  if (user.empty()) return false;
  return header.actor == user ||
         (header.on_behalf_of == user && !absl::StartsWith(header.actor, "policies/"));
}

}  // namespace

bool IsOfWebhook(const eventstore::RecordedEvent& event) {
  return eventstore::CategoryOf(event.header().stream) == "webhooks";
}

absl::Status FoldActive(const eventstore::RecordedEvent& event, absl::string_view resource,
                        ViewBatch& batch) {
  const WorkspaceId workspace = event.header().workspace;
  const std::string& name = event.header().stream;
  KITH_ASSIGN_OR_RETURN(auto known, Webhooks().Get(batch, workspace, name));
  v1::Webhook webhook = known.has_value() ? *std::move(known) : v1::Webhook();
  const StandardEvent kind = FoldWebhook(projections::HappeningOf(event), webhook);
  if (webhook.name().empty()) return absl::OkStatus();
  KITH_RETURN_IF_ERROR(Webhooks().Put(batch, workspace, webhook));
  v1::ActiveWebhook one;
  one.set_webhook(name);
  one.set_acts_for(webhook.acts_for());
  one.set_skip_own_changes(webhook.skip_own_changes());
  one.set_activated_with(webhook.activated_with());
  for (const v1::WebhookEvents& events : webhook.events()) {
    if (events.resource() == resource) *one.add_events() = events;
  }
  KITH_ASSIGN_OR_RETURN(v1::ActiveWebhooks active, ReadActive(batch, workspace));
  auto& list = *active.mutable_webhooks();
  const auto place =
      std::find_if(list.begin(), list.end(), [&](const auto& at) { return at.webhook() == name; });
  const bool is_active = kind != StandardEvent::kDeleted && !webhook.has_delete_time() &&
                         webhook.state() == v1::ACTIVE && !one.events().empty();
  if (is_active && place != list.end()) {
    *place = std::move(one);  // it keeps its place: a failure must not cost it that
  } else if (is_active && list.size() < kActiveMax) {
    *list.Add() = std::move(one);
  } else if (!is_active && place != list.end()) {
    list.erase(place);
  } else {
    return absl::OkStatus();
  }
  return Active().Put(batch, workspace, active);
}

absl::StatusOr<v1::ActiveWebhooks> ReadActive(ViewBatch& batch, WorkspaceId workspace) {
  KITH_ASSIGN_OR_RETURN(auto row, Active().Get(batch, workspace, kActive));
  return row.has_value() ? *std::move(row) : v1::ActiveWebhooks();
}

const std::string& TypeOf(const eventstore::RecordedEvent& event) {
  static const auto& none = *new std::string();
  const google::protobuf::Message& message = *event.event;
  const auto* const field = message.GetReflection()->GetOneofFieldDescriptor(
      message, message.GetDescriptor()->oneof_decl(0));
  return field == nullptr ? none : field->name();
}

absl::Status QueueFor(const v1::ActiveWebhooks& active, const eventstore::RecordedEvent& event,
                      absl::string_view resource, const std::string& record, const AskedRow& asked,
                      projections::Reactions& reactions) {
  const eventstore::EventHeader& header = event.header();
  for (const v1::ActiveWebhook& webhook : active.webhooks()) {
    if (webhook.skip_own_changes() && IsOwn(webhook, header)) continue;
    if (!AsksFor(webhook, TypeOf(event), asked, header.occur_time)) continue;
    v1::QueueWebhookDeliveryRequest request;
    request.set_webhook(webhook.webhook());
    request.set_record(record);
    request.set_resource(std::string(resource));
    request.set_event_type(TypeOf(event));
    request.set_event_sequence(static_cast<int64_t>(header.sequence.value()));
    request.set_event_stream(header.stream);
    request.set_event_revision(static_cast<int64_t>(header.revision.value()));
    KITH_RETURN_IF_ERROR(
        reactions.Add({&request}, {.on_behalf_of = webhook.acts_for(), .continues = true}));
  }
  return absl::OkStatus();
}

}  // namespace kith::webhooks
