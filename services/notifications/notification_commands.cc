#include "services/notifications/notification_commands.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/failure.h"
#include "eventstore/base/status_macros.h"
#include "kith/notifications/v1/notifications_errors.pb.h"
#include "projections/notifications/notification_directory.h"
#include "services/core/by_itself.h"
#include "services/core/reject.h"
#include "services/notifications/notification.h"
#include "services/runtime/admission/reach.h"

namespace kith::notifications {
namespace {

// So many that the list has as unread are looked at.
constexpr size_t kLookedAtMax = 1'000;

constexpr absl::string_view kCreate =
    "kith.notifications.v1.NotificationsService/CreateNotification";
constexpr absl::string_view kUpdate =
    "kith.notifications.v1.NotificationsService/UpdateNotification";

Changes Joined(Changes changes, Decision more) {
  for (Change& change : std::move(*more).TakeList()) {
    changes = std::move(changes).Add(std::move(change));
  }
  return changes;
}

}  // namespace

absl::StatusOr<std::string> OwnerMeant(const std::string& said, const runtime::Caller& caller) {
  if (!said.empty()) return said;
  if (caller.member != nullptr) return caller.member->user;
  return Reject(v1::NOTIFICATIONS_ERROR_NO_USER,
                "The caller is no user: say whose notifications are meant.", {{"field", "owner"}});
}

Decision NotificationCommands::Run(runtime::Loader& load,
                                   const v1::HoldNotificationMailRequest& command,
                                   const CommandContext& context) const {
  KITH_RETURN_IF_ERROR(CheckMailsByItself(context));
  KITH_ASSIGN_OR_RETURN(const NotificationState* const notification,
                        load.Load<NotificationAggregate>(command.name()));
  const UserAggregate::State nobody;
  const UserAggregate::State* owner = &nobody;
  if (!notification->resource.owner().empty()) {
    KITH_ASSIGN_OR_RETURN(owner, load.Load<UserAggregate>(notification->resource.owner()));
  }
  return Decide(*notification, *owner, command, context);
}

absl::Status NotificationCommands::Render(runtime::Rendering& after,
                                          const v1::HoldNotificationMailRequest& command,
                                          v1::Notification* response) const {
  KITH_ASSIGN_OR_RETURN(const NotificationState* const notification,
                        after.Load<NotificationAggregate>(command.name()));
  WriteReply(Rules(), notification->resource, response);
  return absl::OkStatus();
}

Decision NotificationCommands::Run(runtime::Loader& load,
                                   const v1::RecordNotificationMailRequest& command,
                                   const CommandContext& context) const {
  if (command.names().empty() && command.left_out().empty()) {
    return RejectField("names", "is required, where none was left out");
  }
  KITH_RETURN_IF_ERROR(CheckMailsByItself(context));
  Changes changes;
  const std::pair<const google::protobuf::RepeatedPtrField<std::string>&, bool> lists[] = {
      {command.names(), false}, {command.left_out(), true}};
  for (const auto& [names, is_left_out] : lists) {
    for (const std::string& name : names) {
      KITH_ASSIGN_OR_RETURN(const NotificationState* const notification,
                            load.Load<NotificationAggregate>(name));
      Decision one = DecideMailed(*notification, is_left_out, command);
      KITH_RETURN_IF_ERROR(one.status());
      changes = Joined(std::move(changes), std::move(one));
    }
  }
  return changes;
}

absl::Status NotificationCommands::Render(runtime::Rendering&,
                                          const v1::RecordNotificationMailRequest&,
                                          google::protobuf::Empty*) const {
  return absl::OkStatus();
}

// Who is told already, does not want it, or does not work with Kith any more is left out: the
// others are told for all that.
Decision NotificationCommands::Run(runtime::Loader& load, const v1::TellUsersRequest& command,
                                   const CommandContext& context) const {
  const bool tells = IsDoneByPolicy(context, "task_notices") ||
                     IsDoneByPolicy(context, "lead_notices") ||
                     IsDoneByPolicy(context, "meeting_invitations");
  if (!tells) KITH_RETURN_IF_ERROR(CheckMailsByItself(context));
  const runtime::UnaryMethod* const create = methods_.FindUnary(kCreate);
  KITH_CHECK(create != nullptr && create->handler() != nullptr);
  Changes changes;
  for (const std::string& user : command.users()) {
    v1::CreateNotificationRequest request;
    *request.mutable_notification() = command.notification();
    request.mutable_notification()->set_owner(user);
    if (!command.reason().empty()) {
      absl::StrAppend(request.mutable_notification()->mutable_display_name(), " (",
                      command.reason(), ").");
    }
    Decision one = create->handler()->Decide(load, request, context);
    if (load.would_block() || MayPass(one.status())) return one.status();
    if (one.ok()) changes = Joined(std::move(changes), std::move(one));
  }
  return changes;
}

absl::Status NotificationCommands::Render(runtime::Rendering&, const v1::TellUsersRequest&,
                                          google::protobuf::Empty*) const {
  return absl::OkStatus();
}

Decision NotificationCommands::Run(runtime::Loader& load,
                                   const v1::ReadAllNotificationsRequest& command,
                                   const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const std::string owner, OwnerMeant(command.owner(), load.caller()));
  constexpr absl::string_view kPermission = "notifications.write";
  if (!runtime::Reach(load.caller(), kPermission).Covers(owner)) {
    return runtime::OutOfReach(kPermission, owner);
  }
  KITH_RETURN_IF_ERROR(load.NeedDisk());
  const projections::ViewSnapshot snapshot =
      runtime_.views.Find(NotificationDirectory::kName).Latest();
  std::vector<std::string> unread;
  KITH_RETURN_IF_ERROR(NotificationDirectory::Notifications().ScanIndex(
      snapshot, load.workspace(), NotificationDirectory::kByOwnerAndRead,
      projections::KeyRange::Prefix(projections::KeyOf(owner, false)),
      [&](const v1::Notification& notification) {
        unread.push_back(notification.name());
        return unread.size() < kLookedAtMax;
      }));
  const runtime::UnaryMethod* const update = methods_.FindUnary(kUpdate);
  KITH_CHECK(update != nullptr && update->handler() != nullptr);
  Changes changes;
  for (const std::string& name : unread) {
    KITH_ASSIGN_OR_RETURN(const NotificationState* const notification,
                          load.Load<NotificationAggregate>(name));
    // The list may be behind what an earlier call has read.
    if (notification->lifecycle != Lifecycle::kActive || notification->resource.read()) continue;
    if (changes.list().size() == kReadMax) break;
    v1::UpdateNotificationRequest request;
    request.mutable_notification()->set_name(name);
    request.mutable_notification()->set_read(true);
    request.mutable_update_mask()->add_paths("read");
    Decision one = update->handler()->Decide(load, request, context);
    KITH_RETURN_IF_ERROR(one.status());
    changes = Joined(std::move(changes), std::move(one));
  }
  return changes;
}

absl::Status NotificationCommands::Render(runtime::Rendering& after,
                                          const v1::ReadAllNotificationsRequest&,
                                          v1::ReadAllNotificationsResponse* response) const {
  response->set_read_count(static_cast<int32_t>(after.events().size()));
  return absl::OkStatus();
}

}  // namespace kith::notifications
