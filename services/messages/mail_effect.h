// MailEffect: sends what is queued, by SMTP.
//
// What the message says is read when it is sent, and whether it still may be is asked then: the
// person may have been erased, or asked not to be written to, and the workspace may have stopped
// all sending. At least once: where the process ends between the server's yes and the event that
// says so, it is sent again, with the same Message-ID.
#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "kith/messages/v1/message.pb.h"
#include "kith/messages/v1/message_delivery.pb.h"
#include "services/messages/message_reader.h"
#include "services/runtime/effects/effect.h"
#include "services/runtime/effects/mail_text.h"
#include "services/runtime/effects/smtp_client.h"
#include "services/runtime/runtime.h"

namespace kith::messages {

class MailEffect final : public runtime::Effect {
 public:
  // `options.from` is a mailbox.
  explicit MailEffect(const runtime::SmtpOptions& options);

  // While the server starts, before anything is asked for. Borrows it.
  void Attach(const runtime::Runtime& runtime);

  const google::protobuf::Descriptor& takes() const override {
    return *v1::DeliverMessageRequest::descriptor();
  }
  void Perform(const google::protobuf::Message& request, const runtime::EffectContext& context,
               Done done) override;
  absl::Duration RetryDelay(int attempt) const override;
  int attempts_max() const override { return attempts_max_; }
  void Stop() override;

 private:
  void Send(const std::string& name, const runtime::EffectContext& context, Done done);
  // Why the message is not to be sent any more; MESSAGE_FAILURE_UNSPECIFIED where it is.
  absl::StatusOr<v1::MessageFailure> WhyNot(WorkspaceId workspace,
                                            const v1::Message& message) const;
  Outcome OutcomeOf(const runtime::SmtpResult& result, const std::string& name,
                    const runtime::EffectContext& context) const;
  std::string MessageIdOf(const runtime::EffectContext& context) const;

  const runtime::SmtpOptions options_;
  const runtime::Mailbox from_;
  const int attempts_max_;
  const runtime::Runtime* runtime_ = nullptr;  // null until it is attached
  std::unique_ptr<MessageReader> reader_;
  std::unique_ptr<runtime::SmtpClient> client_;
};

}  // namespace kith::messages
