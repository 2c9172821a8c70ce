// When a mail that tells a user of something is sent. Pure; any thread.
#pragma once

#include "absl/time/time.h"
#include "kith/notifications/v1/notification_preferences.pb.h"

namespace kith::notifications {

// `now`, or the time of the next digest; in quiet hours, when they end. `zone` is the user's.
absl::Time MailTime(absl::Time now, const v1::NotificationPreferences& preferences, bool in_digest,
                    absl::TimeZone zone);

}  // namespace kith::notifications
