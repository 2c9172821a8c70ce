// The notification directory: which notifications there are, for whom and about which record, and
// whether they were read.
#pragma once

#include "kith/notifications/v1/notification.pb.h"
#include "projections/notifications/notification_fold.h"
#include "projections/tables/resource_directory.h"

namespace kith::notifications {

class NotificationDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "notification_directory";

  // Beside every field: the words of what it says. By index: these, owner with read, record,
  // create_time.
  static const projections::Table<v1::Notification>& Notifications();

  // The index that finds what a user has read or not.
  static constexpr uint8_t kByOwnerAndRead = 2;

  NotificationDirectory()
      : ResourceDirectory(kName, 1, "notifications", Notifications().core(), Fold) {}

 private:
  static StandardEvent Fold(const Happening& happening, google::protobuf::Message& notification) {
    return FoldNotification(happening, static_cast<v1::Notification&>(notification));
  }
};

}  // namespace kith::notifications
