#include "services/notifications/notification_mail_effect.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/proto_time.h"
#include "services/notifications/notification.h"

namespace kith::notifications {
namespace {

using runtime::EffectContext;
using runtime::SmtpResult;

constexpr absl::string_view kPolicy = "policies/notification_mail";

// What waited so long beyond its time tells nobody anything: there was no mail server.
constexpr absl::Duration kLateMax = absl::Hours(48);

runtime::Effect::Outcome Failed(v1::RecordNotificationMailRequest record,
                                v1::NotificationMailFailure failure, std::string reply = "") {
  record.set_failure(failure);
  record.set_reply(std::move(reply));
  return std::make_unique<v1::RecordNotificationMailRequest>(std::move(record));
}

}  // namespace

NotificationText TextOf(const std::vector<v1::Notification>& notifications) {
  NotificationText said;
  KITH_CHECK(!notifications.empty());
  const size_t count = notifications.size();
  said.subject =
      count == 1 ? notifications.front().display_name() : absl::StrCat(count, " notifications");
  for (const v1::Notification& one : notifications) {
    absl::StrAppend(&said.text, said.text.empty() ? "" : "\n", one.display_name(), "\n");
    if (!one.record().empty()) absl::StrAppend(&said.text, one.record(), "\n");
  }
  return said;
}

void NotificationMailEffect::Perform(const google::protobuf::Message& request,
                                     const EffectContext& context, Done done) {
  KITH_CHECK(runtime_ != nullptr);
  const auto& wanted = static_cast<const v1::MailNotificationsRequest&>(request);
  // States may have to be read from the disk.
  runtime_->pools.folds.Run([this, &wanted, &context, done = std::move(done)]() mutable {
    Send(wanted, context, std::move(done));
  });
}

void NotificationMailEffect::Send(const v1::MailNotificationsRequest& request,
                                  const EffectContext& context, Done done) {
  std::vector<v1::Notification> told;
  v1::RecordNotificationMailRequest record;
  for (const std::string& name : request.notifications()) {
    const auto state = runtime_->transact.Fold<NotificationAggregate>(context.workspace, name);
    if (!state.ok()) return done(absl::UnavailableError("the notification cannot be read now"));
    const v1::Notification& one = (*state)->resource;
    if (one.mail_state() != v1::HELD) continue;  // a mail told of it, or is not to
    const bool is_known = one.read() && !one.muted();
    if ((*state)->lifecycle != Lifecycle::kActive || is_known) {
      record.add_left_out(name);
    } else {
      record.add_names(name);
      told.push_back(one);
    }
  }
  if (told.empty()) {
    return done(std::make_unique<v1::RecordNotificationMailRequest>(std::move(record)));
  }
  const auto user = runtime_->transact.Fold<UserAggregate>(context.workspace, request.owner());
  const auto caller = runtime_->authorizer->CallerOfPolicy(context.workspace, kPolicy);
  if (!user.ok() || caller == nullptr) {
    return done(absl::UnavailableError("the user cannot be read now"));
  }
  const v1::NotificationMailFailure why = WhyNoMail(**user, *caller->settings);
  if (why != v1::NOTIFICATION_MAIL_FAILURE_UNSPECIFIED) {
    return done(Failed(std::move(record), why));
  }
  if (context.now - FromTimestamp(request.mail_time()) > kLateMax) {
    return done(Failed(std::move(record), v1::GAVE_UP));
  }
  const std::optional<runtime::Mailbox> to = runtime::ParseMailbox((*user)->resource.email());
  if (!to.has_value()) return done(Failed(std::move(record), v1::NO_ADDRESS));
  NotificationText said = TextOf(told);
  mailer_->Send({.to = *to,
                 .subject = std::move(said.subject),
                 .text = std::move(said.text),
                 .is_automatic = true},
                context,
                [this, record = std::move(record), &context,
                 done = std::move(done)](const SmtpResult& result) mutable {
                  done(OutcomeOf(result, std::move(record), context));
                });
}

runtime::Effect::Outcome NotificationMailEffect::OutcomeOf(const SmtpResult& result,
                                                           v1::RecordNotificationMailRequest record,
                                                           const EffectContext& context) const {
  switch (result.end) {
    case SmtpResult::End::kTaken:
      record.set_message_id(mailer_->MessageIdOf(context));
      return std::make_unique<v1::RecordNotificationMailRequest>(std::move(record));
    case SmtpResult::End::kRejected:
      return Failed(std::move(record), v1::REJECTED, result.reply);
    case SmtpResult::End::kStopped:
      return absl::UnavailableError("the server stops");
    case SmtpResult::End::kMayPass:
      break;
  }
  runtime::LogNotSent(result);
  if (context.attempt >= attempts_max())
    return Failed(std::move(record), v1::GAVE_UP, result.reply);
  return absl::UnavailableError(absl::StrCat("the mail server did not take it: ", result.reply));
}

}  // namespace kith::notifications
