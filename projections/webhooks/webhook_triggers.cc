#include "projections/webhooks/webhook_triggers.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/notifications/v1/notification.pb.h"
#include "projections/webhooks/active_webhooks.h"

namespace kith::webhooks {
namespace {

using google::protobuf::Message;
using notifications::v1::Notification;

// "deals/01J…" of "deals/01J…/interactions".
std::string RecordOf(const std::string& stream) {
  const size_t id = stream.find('/');
  return id == stream.npos ? stream : stream.substr(0, stream.find('/', id + 1));
}

}  // namespace

WebhookTriggers::WebhookTriggers(absl::string_view collection,
                                 const projections::ResourceDirectory& directory)
    : Policy(absl::StrCat("webhook_triggers_", collection), 1,
             absl::StrCat("Queues what happens to ", collection,
                          " for the webhooks that ask for it.")),
      collection_(collection),
      base_(directory.name()),
      table_(directory.table()) {}

absl::Status WebhookTriggers::React(const eventstore::RecordedEvent& event,
                                    projections::ViewBatch& batch,
                                    projections::Reactions& reactions) const {
  if (IsOfWebhook(event)) return FoldActive(event, collection_, batch);
  for (const projections::RowChange& change : batch.changes()) {
    const auto* const after = change.after<Message>();
    const Message* const row = after != nullptr ? after : change.before<Message>();
    // Other records may change by what happens to one, as deals do by interactions.
    if (table_.declaration().key(*row) != event.header().stream) continue;
    KITH_ASSIGN_OR_RETURN(const v1::ActiveWebhooks active, ReadActive(batch, change.workspace()));
    return QueueFor(active, event, collection_, event.header().stream, {&table_.declaration(), row},
                    reactions);
  }
  return absl::OkStatus();
}

absl::Status InteractionWebhooks::React(const eventstore::RecordedEvent& event,
                                        projections::ViewBatch& batch,
                                        projections::Reactions& reactions) const {
  if (IsOfWebhook(event)) return FoldActive(event, kInteractions, batch);
  KITH_ASSIGN_OR_RETURN(const v1::ActiveWebhooks active,
                        ReadActive(batch, event.header().workspace));
  return QueueFor(active, event, kInteractions, RecordOf(event.header().stream), {}, reactions);
}

absl::Status NotificationWebhooks::React(const eventstore::RecordedEvent& event,
                                         projections::ViewBatch& batch,
                                         projections::Reactions& reactions) const {
  if (IsOfWebhook(event)) return FoldActive(event, kNotifications, batch);
  if (TypeOf(event) != kNotificationCreated) return absl::OkStatus();
  for (const projections::RowChange& change : batch.changes()) {
    const auto* const row = change.after<Notification>();
    if (row == nullptr || !row->webhook_wanted()) continue;
    KITH_ASSIGN_OR_RETURN(const v1::ActiveWebhooks active, ReadActive(batch, change.workspace()));
    KITH_RETURN_IF_ERROR(QueueFor(active, event, kNotifications, row->name(),
                                  {&table_.declaration(), row}, reactions));
  }
  return absl::OkStatus();
}

}  // namespace kith::webhooks
