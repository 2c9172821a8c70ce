// Everything that notifications bring to a server.
#include <memory>
#include <string>
#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/notifications/v1/notifications_service.pb.h"
#include "projections/notifications/deal_notices.h"
#include "projections/notifications/lead_notices.h"
#include "projections/notifications/message_notices.h"
#include "projections/notifications/notification_directory.h"
#include "projections/notifications/notification_mail.h"
#include "projections/notifications/notification_snoozes.h"
#include "projections/notifications/score_notices.h"
#include "projections/notifications/task_notices.h"
#include "projections/notifications/workflow_notices.h"
#include "projections/notifications/workflow_stops.h"
#include "services/notifications/notification.h"
#include "services/notifications/notification_commands.h"
#include "services/notifications/notification_watch.h"
#include "services/runtime/admission/reach.h"
#include "services/runtime/server_builder.h"

namespace kith::notifications {
namespace {

using runtime::CallerContext;
using runtime::StreamSource;

// A user watches their own: whose others they may see can change while the stream goes on.
absl::StatusOr<std::unique_ptr<StreamSource<v1::WatchNotificationsResponse>>> Watch(
    const runtime::Runtime& runtime, const projections::TableCore& deleted,
    const CallerContext& context, const v1::WatchNotificationsRequest& request) {
  const runtime::Caller& caller = *context.caller;
  KITH_ASSIGN_OR_RETURN(std::string owner, OwnerMeant(request.owner(), caller));
  if (caller.member != nullptr && caller.member->user != owner) {
    return runtime::OutOfReach("notifications.read", owner);
  }
  return std::make_unique<NotificationWatch>(runtime, deleted, caller.workspace, std::move(owner));
}

}  // namespace

void Register(runtime::ServerBuilder& server) {
  auto directory = std::make_unique<NotificationDirectory>();
  const projections::TableCore* const deleted = directory->deleted();
  KITH_CHECK(deleted != nullptr);
  server.AddResource<NotificationAggregate, v1::GetNotificationRequest>(Rules(),
                                                                        std::move(directory));
  server.AddPolicy(std::make_unique<DealNotices>());
  server.AddPolicy(std::make_unique<TaskNotices>());
  server.AddPolicy(std::make_unique<LeadNotices>());
  server.AddPolicy(std::make_unique<MessageNotices>());
  server.AddPolicy(std::make_unique<WorkflowNotices>());
  server.AddPolicy(std::make_unique<WorkflowStops>());
  server.AddPolicy(std::make_unique<ScoreNotices>());
  server.AddPolicy(std::make_unique<NotificationMail>());
  server.AddPolicy(std::make_unique<NotificationSnoozes>());
  server.Serve([deleted](runtime::Runtime& runtime, runtime::MethodTable& methods) {
    const NotificationCommands commands(runtime, methods);
    methods.Command<v1::HoldNotificationMailRequest, v1::Notification>(commands);
    methods.Command<v1::RecordNotificationMailRequest, google::protobuf::Empty>(commands);
    methods.Command<v1::TellUsersRequest, google::protobuf::Empty>(commands);
    methods.Command<v1::ReadAllNotificationsRequest, v1::ReadAllNotificationsResponse>(commands);
    methods.Stream([&runtime, deleted](const CallerContext& context,
                                       const v1::WatchNotificationsRequest& request) {
      return Watch(runtime, *deleted, context, request);
    });
  });
}

}  // namespace kith::notifications
