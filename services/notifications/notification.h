// The notification: something that a user should know of. Its rules, its fold, and the commands of
// its own.
//
// Pure: see services/core/decider.h. Whether and how a user is told is decided over the user, whose
// preferences are a condition of the append: what is told is what was wanted then.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "kith/notifications/v1/notification.pb.h"
#include "kith/notifications/v1/notification_events.pb.h"
#include "kith/notifications/v1/notifications_service.pb.h"
#include "kith/users/v1/user_events.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/resource_rules.h"

namespace kith::notifications {

struct NotificationState : ResourceState<v1::Notification> {};

struct NotificationAggregate {
  using Resource = v1::Notification;
  using State = NotificationState;
  using Event = v1::NotificationEvent;
  static constexpr absl::string_view kCategory = "notifications";
};

NotificationState Evolve(NotificationState state, const Recorded<v1::NotificationEvent>& recorded);

// What is told of the users.
struct UserAggregate : ResourceAggregate<users::v1::User, users::v1::UserEvent> {
  static constexpr absl::string_view kCategory = "users";
};

const ResourceRules& Rules();

// Why no mail goes to the user; unspecified where one may.
v1::NotificationMailFailure WhyNoMail(const UserAggregate::State& user, const Settings& settings);

// `user` is the notification's owner.
Decision Decide(const NotificationState& state, const UserAggregate::State& user,
                const v1::HoldNotificationMailRequest& command, const CommandContext& context);
// What becomes of one of the notifications that the command names.
Decision DecideMailed(const NotificationState& state, bool is_left_out,
                      const v1::RecordNotificationMailRequest& command);
// NOTIFICATIONS_ERROR_MAILS_BY_ITSELF where the caller is no policy.
absl::Status CheckMailsByItself(const CommandContext& context);

}  // namespace kith::notifications
