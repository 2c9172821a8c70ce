// NotificationMailEffect: tells a user of notifications by one mail.
//
// What is told is read when the mail is sent: what was read or deleted meanwhile is left out, and
// where nothing is left no mail is sent. At least once, as the mailer has it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kith/notifications/v1/notification_delivery.pb.h"
#include "kith/notifications/v1/notifications_service.pb.h"
#include "services/runtime/effects/effect.h"
#include "services/runtime/effects/mailer.h"
#include "services/runtime/runtime.h"

namespace kith::notifications {

class NotificationMailEffect final : public runtime::Effect {
 public:
  explicit NotificationMailEffect(std::shared_ptr<runtime::Mailer> mailer)
      : mailer_(std::move(mailer)) {}

  // While the server starts, before anything is asked for. Borrows it.
  void Attach(const runtime::Runtime& runtime) {
    runtime_ = &runtime;
    mailer_->Attach(runtime.clock, runtime.log.store_id(),
                    [&sealer = runtime.log.token_sealer()](absl::string_view id) {
                      return sealer.Seal(runtime::Mailer::kMessageIdPurpose, id);
                    });
  }

  const google::protobuf::Descriptor& takes() const override {
    return *v1::MailNotificationsRequest::descriptor();
  }
  void Perform(const google::protobuf::Message& request, const runtime::EffectContext& context,
               Done done) override;
  absl::Duration RetryDelay(int attempt) const override { return mailer_->RetryDelay(attempt); }
  int attempts_max() const override { return mailer_->attempts_max(); }
  void Stop() override { mailer_->Stop(); }

 private:
  void Send(const v1::MailNotificationsRequest& request, const runtime::EffectContext& context,
            Done done);
  Outcome OutcomeOf(const runtime::SmtpResult& result, v1::RecordNotificationMailRequest record,
                    const runtime::EffectContext& context) const;

  const std::shared_ptr<runtime::Mailer> mailer_;  // shared with what else sends mail
  const runtime::Runtime* runtime_ = nullptr;      // null until it is attached
};

// What a mail says of these, in this order: each with the name of what it is about. Not empty.
struct NotificationText {
  std::string subject;
  std::string text;
};
NotificationText TextOf(const std::vector<v1::Notification>& notifications);

}  // namespace kith::notifications
