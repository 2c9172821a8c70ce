// The fold of a notification's events: that of its row and of the state that commands are decided
// on.
#pragma once

#include "eventstore/base/standard_events.h"
#include "kith/notifications/v1/notification.pb.h"

namespace kith::notifications {

// Pure; any thread. As FoldStandardEvent.
StandardEvent FoldNotification(const Happening& happening, v1::Notification& notification);

}  // namespace kith::notifications
