#include "projections/notifications/notification_directory.h"

#include "eventstore/base/normalise.h"

namespace kith::notifications {

using projections::Table;
using projections::TableBuilder;

const Table<v1::Notification>& NotificationDirectory::Notifications() {
  static const auto& table = *new Table<v1::Notification>(
      TableBuilder<v1::Notification>(1)
          .Key([](const v1::Notification& notification) { return notification.name(); })
          .Words([](const v1::Notification& notification, projections::WordSink& out) {
            out.Add(notification.display_name());
          })
          .Field("display_name", {.normalise = FoldedName})
          .Field("owner")
          .Field("read")
          .Field("record")
          .Field("create_time")
          .Index(1, {"create_time"})
          .Index(kByOwnerAndRead, {"owner", "read", "create_time"})
          .Index(3, {"record", "create_time"})
          .Index(4, {"words"})
          .Build());
  return table;
}

}  // namespace kith::notifications
