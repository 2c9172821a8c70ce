#include "projections/notifications/notification_snoozes.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/notifications/v1/notifications_service.pb.h"

namespace kith::notifications {
namespace {

using v1::Notification;

bool IsSnoozed(const Notification* notification) {
  return notification != nullptr && notification->has_snooze_time();
}

absl::Time Until(const Notification& notification) {
  return FromTimestamp(notification.snooze_time());
}

std::string TimerOf(const Notification& notification) {
  return absl::StrCat(notification.name(), "/snooze");
}

}  // namespace

absl::Status NotificationSnoozes::React(const eventstore::RecordedEvent& event,
                                        projections::ViewBatch& batch,
                                        projections::Reactions& reactions) const {
  for (const projections::RowChange& change : batch.changes()) {
    const auto* const before = change.before<Notification>();
    const auto* const after = change.after<Notification>();
    const bool is_snoozed = IsSnoozed(after);
    if (IsSnoozed(before) && is_snoozed && Until(*before) == Until(*after)) continue;
    if (IsSnoozed(before)) KITH_RETURN_IF_ERROR(reactions.Cancel(TimerOf(*before)));
    // One that has passed as it is said brings nothing back.
    if (!is_snoozed || Until(*after) <= event.header().record_time) continue;
    v1::UpdateNotificationRequest request;
    request.mutable_notification()->set_name(after->name());
    request.mutable_update_mask()->add_paths("read");
    request.mutable_update_mask()->add_paths("snooze_time");
    KITH_RETURN_IF_ERROR(reactions.Set(TimerOf(*after), Until(*after), request));
  }
  return absl::OkStatus();
}

}  // namespace kith::notifications
