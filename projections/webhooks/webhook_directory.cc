#include "projections/webhooks/webhook_directory.h"

#include "eventstore/base/normalise.h"
#include "projections/webhooks/webhook_fold.h"

namespace kith::webhooks {

using projections::Table;
using projections::TableBuilder;

WebhookDirectory::WebhookDirectory()
    : ResourceDirectory(kName, 1, "webhooks", Webhooks().core(),
                        [](const Happening& happening, google::protobuf::Message& webhook) {
                          return FoldWebhook(happening, static_cast<v1::Webhook&>(webhook));
                        }) {}

const Table<v1::Webhook>& WebhookDirectory::Webhooks() {
  static const auto& table = *new Table<v1::Webhook>(
      TableBuilder<v1::Webhook>(1)
          .Key([](const v1::Webhook& webhook) { return webhook.name(); })
          .Words([](const v1::Webhook& webhook, projections::WordSink& out) {
            out.Add(webhook.display_name());
          })
          .Field("display_name", {.normalise = FoldedName})
          .Alias()
          .Field("state")
          .Field("create_time")
          .Index(1, {"display_name"})
          .Index(2, {"state", "display_name"})
          .Index(3, {"create_time"})
          .Index(4, {"words"})
          .Build());
  return table;
}

}  // namespace kith::webhooks
