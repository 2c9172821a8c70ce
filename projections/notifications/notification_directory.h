// The notification directory: which notifications there are, and which of them have this name or
// this owner.
#pragma once

#include "kith/notifications/v1/notification.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::notifications {

class NotificationDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "notification_directory";

  // Beside every field: the words of the name. By index: these, display_name, owner, create_time.
  // Names are compared by their normal forms.
  static const projections::Table<v1::Notification>& Notifications();

  NotificationDirectory() : ResourceDirectory(kName, 1, "notifications", Notifications().core()) {}
};

}  // namespace kith::notifications
