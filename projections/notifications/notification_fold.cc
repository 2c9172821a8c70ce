#include "projections/notifications/notification_fold.h"

#include "eventstore/base/proto_time.h"
#include "kith/notifications/v1/notification_events.pb.h"

namespace kith::notifications {

StandardEvent FoldNotification(const Happening& happening, v1::Notification& notification) {
  const StandardEvent kind = FoldStandardEvent(happening, notification);
  const auto& event = static_cast<const v1::NotificationEvent&>(happening.event);
  switch (event.event_case()) {
    case v1::NotificationEvent::kNotificationMailHeld:
      notification.set_mail_state(v1::HELD);
      *notification.mutable_mail_time() = event.notification_mail_held().mail_time();
      break;
    case v1::NotificationEvent::kNotificationMailed:
      notification.set_mail_state(v1::MAILED);
      *notification.mutable_mail_time() = ToTimestamp(happening.occur_time);
      notification.set_mail_message_id(event.notification_mailed().message_id());
      break;
    case v1::NotificationEvent::kNotificationNotMailed:
      notification.set_mail_state(v1::NOT_MAILED);
      notification.clear_mail_time();
      notification.set_mail_failure(event.notification_not_mailed().failure());
      break;
    case v1::NotificationEvent::kNotificationCreated:
    case v1::NotificationEvent::kNotificationUpdated:
    case v1::NotificationEvent::kNotificationDeleted:
    case v1::NotificationEvent::kNotificationUndeleted:
    case v1::NotificationEvent::EVENT_NOT_SET:
      break;
  }
  return kind;
}

}  // namespace kith::notifications
