// The commands on notifications that are more than the standard: what each is decided on, and what
// it is answered with.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "kith/notifications/v1/notifications_service.pb.h"
#include "services/core/decision.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"
#include "services/runtime/runtime.h"

namespace kith::notifications {

// Notifications that are marked as read in one append.
inline constexpr size_t kReadMax = 100;

// Whose notifications are meant: `said`, or the caller's own. NOTIFICATIONS_ERROR_NO_USER.
absl::StatusOr<std::string> OwnerMeant(const std::string& said, const runtime::Caller& caller);

// Thread-safe. See MethodTable::Command. Borrows both.
class NotificationCommands {
 public:
  NotificationCommands(const runtime::Runtime& runtime, const runtime::MethodTable& methods)
      : runtime_(runtime), methods_(methods) {}

  Decision Run(runtime::Loader& load, const v1::HoldNotificationMailRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::HoldNotificationMailRequest& command,
                      v1::Notification* response) const;

  Decision Run(runtime::Loader& load, const v1::RecordNotificationMailRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::RecordNotificationMailRequest& command,
                      google::protobuf::Empty* response) const;

  Decision Run(runtime::Loader& load, const v1::TellUsersRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::TellUsersRequest& command,
                      google::protobuf::Empty* response) const;

  Decision Run(runtime::Loader& load, const v1::ReadAllNotificationsRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::ReadAllNotificationsRequest& command,
                      v1::ReadAllNotificationsResponse* response) const;

 private:
  const runtime::Runtime& runtime_;
  const runtime::MethodTable& methods_;
};

}  // namespace kith::notifications
