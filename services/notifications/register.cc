// Everything that notifications bring to a server.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kith/notifications/v1/notifications_errors.pb.h"
#include "kith/notifications/v1/notifications_service.pb.h"
#include "projections/notifications/deal_notices.h"
#include "projections/notifications/notification_directory.h"
#include "projections/notifications/task_notices.h"
#include "projections/notifications/workflow_notices.h"
#include "services/core/reject.h"
#include "services/notifications/notification.h"
#include "services/runtime/server_builder.h"

namespace kith::notifications {
namespace {

constexpr char kCauseClaim[] = "notifications.cause";

std::vector<std::string> CauseOf(const v1::Notification& notification) {
  if (notification.cause().empty()) return {};
  return {absl::StrCat(notification.owner(), " ", notification.kind(), " ", notification.cause())};
}

absl::Status ToldAlready(const v1::Notification& holder, size_t /*index*/) {
  return RejectTaken(v1::NOTIFICATIONS_ERROR_TOLD_ALREADY,
                     "The user was told of this kind by this cause.", "notification", holder.name(),
                     "notification.cause");
}

}  // namespace

const ResourceRules& Rules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<NotificationAggregate>()
                             .NotFound(v1::NOTIFICATIONS_ERROR_NOTIFICATION_NOT_FOUND)
                             .LinkNotFound(v1::NOTIFICATIONS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .OwnedByCreator()
                             .UniqueClaim(kCauseClaim, CauseOf, IsAlwaysUnique, ToldAlready)
                             .Build());
  return rules;
}

void Register(runtime::ServerBuilder& server) {
  server.AddResource<NotificationAggregate, v1::GetNotificationRequest>(
      Rules(), std::make_unique<NotificationDirectory>());
  server.AddPolicy(std::make_unique<DealNotices>());
  server.AddPolicy(std::make_unique<TaskNotices>());
  server.AddPolicy(std::make_unique<WorkflowNotices>());
}

}  // namespace kith::notifications
