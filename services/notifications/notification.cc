#include "services/notifications/notification.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/smtp_reply.h"
#include "eventstore/base/status_macros.h"
#include "kith/notifications/v1/notification_preferences.pb.h"
#include "kith/notifications/v1/notifications_errors.pb.h"
#include "projections/notifications/notification_fold.h"
#include "services/core/by_itself.h"
#include "services/core/date.h"
#include "services/core/reject.h"
#include "services/notifications/mail_time.h"

namespace kith::notifications {
namespace {

using users::v1::User;

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

// What an event is the cause of, Kith says: who could say it before would keep others from hearing
// of it.
absl::Status MaySayCause(const v1::Notification& before, const v1::Notification& after,
                         const CommandContext& context) {
  const bool is_event = absl::StartsWith(after.cause(), "events/");
  const bool is_known = !before.name().empty();
  const bool is_ours = IsDoneByPolicy(context, "") && !IsDoneByPolicy(context, "workflow_steps");
  if (!is_event || is_known || is_ours) return absl::OkStatus();
  return RejectField("notification.cause", "must not begin with events/: Kith says those");
}

absl::string_view OwnerOf(const v1::Notification& wanted) { return wanted.owner(); }

// What is said of the kind, or of those that are not named.
v1::KindPreference PreferenceOf(const v1::NotificationPreferences& preferences,
                                v1::NotificationKind kind) {
  v1::KindPreference found;
  for (const v1::KindPreference& one : preferences.kinds()) {
    if (one.kind() == kind) return one;
    if (one.kind() == v1::NOTIFICATION_KIND_UNSPECIFIED) found = one;
  }
  return found;
}

// How its owner wants to be told of it.
absl::Status Place(const UserAggregate::State& owner, v1::Notification& notification) {
  if (owner.lifecycle != Lifecycle::kActive) return absl::OkStatus();  // the link is refused
  const v1::KindPreference wanted =
      PreferenceOf(owner.resource.notification_preferences(), notification.kind());
  if (wanted.muted()) {
    if (wanted.mail() == v1::MAIL_TIMING_UNSPECIFIED && !wanted.webhook()) {
      return RejectState(v1::NOTIFICATIONS_ERROR_NOT_WANTED,
                         "The user wants to be told of this kind in no way.", notification.owner(),
                         {{"kind", v1::NotificationKind_Name(notification.kind())}});
    }
    notification.set_muted(true);
    notification.set_read(true);
  }
  notification.set_webhook_wanted(wanted.webhook());
  if (wanted.mail() == v1::AT_ONCE) notification.set_mail_state(v1::WANTED);
  if (wanted.mail() == v1::DIGEST) notification.set_mail_state(v1::WANTED_IN_DIGEST);
  return absl::OkStatus();
}

// What is snoozed counts as read; what is unread is snoozed no more.
void CompleteFields(const v1::Notification& before, const Settings&, v1::Notification& after) {
  if (!after.has_snooze_time()) return;
  const bool is_new = !before.has_snooze_time() ||
                      FromTimestamp(before.snooze_time()) != FromTimestamp(after.snooze_time());
  if (is_new) {
    after.set_read(true);
  } else if (!after.read()) {
    after.clear_snooze_time();
  }
}

absl::TimeZone ZoneOf(const User& user, const Settings& settings) {
  const std::string& name = user.time_zone().empty() ? settings.time_zone : user.time_zone();
  return TimeZoneOf(name).value_or(absl::UTCTimeZone());
}

Decision NotMailed(const std::string& name, v1::NotificationMailFailure failure,
                   const std::string& reply = "") {
  v1::NotificationEvent event;
  v1::NotificationNotMailed& not_mailed = *event.mutable_notification_not_mailed();
  not_mailed.set_name(name);
  not_mailed.set_failure(failure);
  not_mailed.set_reply(SmtpReplyNumbers(reply));
  return Changes().Append(name, std::move(event));
}

}  // namespace

const ResourceRules& Rules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<NotificationAggregate>()
                             .NotFound(v1::NOTIFICATIONS_ERROR_NOTIFICATION_NOT_FOUND)
                             .LinkNotFound(v1::NOTIFICATIONS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .OwnedByCreator()
                             .Within<UserAggregate>(OwnerOf, Place)
                             .Complete(CompleteFields)
                             .Authorise(MaySayCause)
                             .FoldedBy<FoldNotification>()
                             .UniqueClaim(kCauseClaim, CauseOf, IsAlwaysUnique, ToldAlready)
                             .Build());
  return rules;
}

NotificationState Evolve(NotificationState state, const Recorded<v1::NotificationEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource, FoldNotification);
  return state;
}

absl::Status CheckMailsByItself(const CommandContext& context) {
  if (IsDoneByPolicy(context, "notification")) return absl::OkStatus();
  return Reject(v1::NOTIFICATIONS_ERROR_MAILS_BY_ITSELF,
                "Kith sends mail by itself, and says what became of it.");
}

v1::NotificationMailFailure WhyNoMail(const UserAggregate::State& user, const Settings& settings) {
  if (user.lifecycle != Lifecycle::kActive || user.resource.state() == users::v1::INACTIVE) {
    return v1::USER_GONE;
  }
  if (settings.sending_stopped) return v1::SENDING_STOPPED;
  if (user.resource.email().empty()) return v1::NO_ADDRESS;
  return v1::NOTIFICATION_MAIL_FAILURE_UNSPECIFIED;
}

Decision Decide(const NotificationState& state, const UserAggregate::State& user,
                const v1::HoldNotificationMailRequest& command, const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckMailsByItself(context));
  if (state.lifecycle == Lifecycle::kAbsent) return ResourceNotFound(Rules(), command.name());
  const v1::Notification& notification = state.resource;
  const bool in_digest = notification.mail_state() == v1::WANTED_IN_DIGEST;
  const bool is_wanted = in_digest || notification.mail_state() == v1::WANTED;
  if (state.lifecycle != Lifecycle::kActive || !is_wanted) return NoChange();
  const v1::NotificationMailFailure why = WhyNoMail(user, context.settings);
  if (why != v1::NOTIFICATION_MAIL_FAILURE_UNSPECIFIED) return NotMailed(command.name(), why);
  v1::NotificationEvent event;
  v1::NotificationMailHeld& held = *event.mutable_notification_mail_held();
  held.set_name(command.name());
  held.set_owner(notification.owner());
  *held.mutable_mail_time() =
      ToTimestamp(MailTime(context.now, user.resource.notification_preferences(), in_digest,
                           ZoneOf(user.resource, context.settings)));
  held.set_in_digest(in_digest);
  return Changes().Append(command.name(), std::move(event));
}

Decision DecideMailed(const NotificationState& state, bool is_left_out,
                      const v1::RecordNotificationMailRequest& command) {
  const v1::Notification& notification = state.resource;
  if (state.lifecycle != Lifecycle::kActive || notification.mail_state() != v1::HELD) {
    return NoChange();
  }
  if (is_left_out) return NotMailed(notification.name(), v1::READ_BEFORE);
  if (command.failure() != v1::NOTIFICATION_MAIL_FAILURE_UNSPECIFIED) {
    return NotMailed(notification.name(), command.failure(), command.reply());
  }
  v1::NotificationEvent event;
  event.mutable_notification_mailed()->set_name(notification.name());
  event.mutable_notification_mailed()->set_message_id(command.message_id());
  return Changes().Append(notification.name(), std::move(event));
}

}  // namespace kith::notifications
