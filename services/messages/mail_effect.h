// MailEffect: sends what is queued, by SMTP.
//
// What the message says is read when it is sent, and whether it still may be is asked then: the
// person may have been erased, or asked not to be written to, the address may be somebody else's by
// now, or unsubscribed by another message, and the workspace may have stopped all sending. At least
// once, as the mailer has it.
#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/messages/v1/message.pb.h"
#include "kith/messages/v1/message_delivery.pb.h"
#include "services/messages/message_reader.h"
#include "services/runtime/effects/effect.h"
#include "services/runtime/effects/mailer.h"
#include "services/runtime/runtime.h"

namespace kith::messages {

class MailEffect final : public runtime::Effect {
 public:
  // `public_url` as SendBy has it.
  MailEffect(std::shared_ptr<runtime::Mailer> mailer, std::string public_url)
      : mailer_(std::move(mailer)), public_url_(std::move(public_url)) {}

  // While the server starts, before anything is asked for. Borrows it.
  void Attach(const runtime::Runtime& runtime);

  const google::protobuf::Descriptor& takes() const override {
    return *v1::DeliverMessageRequest::descriptor();
  }
  void Perform(const google::protobuf::Message& request, const runtime::EffectContext& context,
               Done done) override;
  absl::Duration RetryDelay(int attempt) const override { return mailer_->RetryDelay(attempt); }
  int attempts_max() const override { return mailer_->attempts_max(); }
  void Stop() override { mailer_->Stop(); }

 private:
  void Send(const std::string& name, const runtime::EffectContext& context, Done done);
  // Why the message is not to be sent any more; MESSAGE_FAILURE_UNSPECIFIED where it is.
  absl::StatusOr<v1::MessageFailure> WhyNot(WorkspaceId workspace,
                                            const v1::Message& message) const;
  // IsSuppressed, by what the log says of the message's address now.
  absl::StatusOr<bool> IsToBeSuppressed(WorkspaceId workspace, const v1::Message& message,
                                        const contacts::v1::Contact& contact) const;
  // The streams with events that claim or release the value.
  absl::StatusOr<std::set<std::string>> StreamsTagged(WorkspaceId workspace,
                                                      absl::string_view purpose,
                                                      absl::string_view value) const;
  // As it is sent: with what tells of opens and clicks, and a way to unsubscribe, where it has
  // them.
  runtime::Mailer::Letter LetterOf(WorkspaceId workspace, const v1::Message& message,
                                   const runtime::Mailbox& to, bool is_tracked);
  // Whether the message goes out with what tells of its opens and clicks.
  bool IsTracked(WorkspaceId workspace, const v1::Message& message) const;
  Outcome OutcomeOf(const runtime::SmtpResult& result, const std::string& name, bool is_tracked,
                    const runtime::EffectContext& context) const;

  const std::shared_ptr<runtime::Mailer> mailer_;  // shared with what else sends mail
  const std::string public_url_;
  std::atomic<bool> has_said_ = false;         // that there is no public address
  const runtime::Runtime* runtime_ = nullptr;  // null until it is attached
  std::unique_ptr<MessageReader> reader_;
};

}  // namespace kith::messages
