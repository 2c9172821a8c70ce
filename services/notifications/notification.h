// The notification: something that a user should know of.
#pragma once

#include "absl/strings/string_view.h"
#include "kith/notifications/v1/notification.pb.h"
#include "kith/notifications/v1/notification_events.pb.h"
#include "services/core/resource_rules.h"

namespace kith::notifications {

struct NotificationAggregate : ResourceAggregate<v1::Notification, v1::NotificationEvent> {
  static constexpr absl::string_view kCategory = "notifications";
};

const ResourceRules& Rules();

}  // namespace kith::notifications
