#include "projections/webhooks/webhook_delivery_directory.h"

#include "projections/webhooks/webhook_fold.h"

namespace kith::webhooks {

using projections::Table;
using projections::TableBuilder;

WebhookDeliveryDirectory::WebhookDeliveryDirectory()
    : ResourceDirectory(kName, 1, "webhookDeliveries", Deliveries().core(),
                        [](const Happening& happening, google::protobuf::Message& delivery) {
                          return FoldDelivery(happening,
                                              static_cast<v1::WebhookDelivery&>(delivery));
                        }) {}

const Table<v1::WebhookDelivery>& WebhookDeliveryDirectory::Deliveries() {
  static const auto& table = *new Table<v1::WebhookDelivery>(
      TableBuilder<v1::WebhookDelivery>(1)
          .Key([](const v1::WebhookDelivery& delivery) { return delivery.name(); })
          .Field("webhook")
          .Field("record")
          .Field("state")
          .Field("owner")
          .Field("create_time")
          .Index(1, {"create_time"})
          .Index(2, {"owner", "create_time"})
          .Index(3, {"webhook", "create_time"})
          .Index(4, {"record", "create_time"})
          .Index(5, {"state", "create_time"})
          .Build());
  return table;
}

}  // namespace kith::webhooks
