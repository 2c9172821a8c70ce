#include "services/messages/mail_effect.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/log.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/status_macros.h"
#include "kith/messages/v1/messages_service.pb.h"
#include "services/core/identity_claims.h"
#include "services/messages/letter.h"
#include "services/messages/message.h"

namespace kith::messages {
namespace {

using runtime::EffectContext;
using runtime::SmtpResult;

constexpr absl::string_view kPolicy = "policies/mail_delivery";

// What a mail server would say to an address that it cannot take: not in ASCII.
constexpr absl::string_view kAddressNotAscii = "553 5.6.7";

MailEffect::Outcome Sent(const std::string& name, const std::string& message_id, bool is_tracked) {
  auto request = std::make_unique<v1::RecordMessageSentRequest>();
  request->set_name(name);
  request->set_message_id(message_id);
  request->set_tracked(is_tracked);
  return request;
}

MailEffect::Outcome Failed(const std::string& name, v1::MessageFailure failure,
                           absl::string_view reply = "") {
  auto request = std::make_unique<v1::RecordMessageFailedRequest>();
  request->set_name(name);
  request->set_failure(failure);
  request->set_reply(std::string(reply));
  return request;
}

}  // namespace

void MailEffect::Attach(const runtime::Runtime& runtime) {
  runtime_ = &runtime;
  reader_ = std::make_unique<MessageReader>(runtime);
  mailer_->Attach(runtime.clock, runtime.log.store_id(),
                  [&sealer = runtime.log.token_sealer()](absl::string_view id) {
                    return sealer.Seal(runtime::Mailer::kMessageIdPurpose, id);
                  });
}

void MailEffect::Perform(const google::protobuf::Message& request, const EffectContext& context,
                         Done done) {
  KITH_CHECK(runtime_ != nullptr);
  const std::string& name = static_cast<const v1::DeliverMessageRequest&>(request).name();
  // What the message says is read from the disk.
  runtime_->pools.folds.Run([this, &name, &context, done = std::move(done)]() mutable {
    Send(name, context, std::move(done));
  });
}

void MailEffect::Send(const std::string& name, const EffectContext& context, Done done) {
  const auto known = runtime_->transact.Fold<MessageAggregate>(context.workspace, name);
  if (!known.ok()) return done(absl::UnavailableError("the message cannot be read now"));
  // Where its end is recorded, and was not noted before a crash, it is recorded again: no change.
  const v1::Message& now = (*known)->resource;
  if (now.state() == v1::SENT) {
    return done(Sent(name, now.message_id(), now.tracked()));
  }
  if (now.state() == v1::FAILED) return done(Failed(name, now.failure(), now.failure_reply()));
  auto message = reader_->ReadQueued(context.workspace, name);
  if (!message.ok()) return done(absl::UnavailableError("the message cannot be read now"));
  if (!message->has_value()) return done(absl::NotFoundError("there is no such message"));
  const v1::Message& mail = **message;
  const absl::StatusOr<v1::MessageFailure> why_not = WhyNot(context.workspace, mail);
  if (!why_not.ok()) return done(absl::UnavailableError("the contact cannot be read now"));
  if (*why_not != v1::MESSAGE_FAILURE_UNSPECIFIED) return done(Failed(name, *why_not));
  const std::optional<runtime::Mailbox> to = runtime::ParseMailbox(mail.address());
  if (!to.has_value()) return done(Failed(name, v1::REJECTED, kAddressNotAscii));

  const bool is_tracked = IsTracked(context.workspace, mail);
  mailer_->Send(LetterOf(context.workspace, mail, *to, is_tracked), context,
                [this, &name, is_tracked, &context,
                 done = std::move(done)](const SmtpResult& result) mutable {
                  done(OutcomeOf(result, name, is_tracked, context));
                });
}

absl::StatusOr<v1::MessageFailure> MailEffect::WhyNot(WorkspaceId workspace,
                                                      const v1::Message& message) const {
  if (message.erased()) return v1::CONTACT_GONE;
  KITH_ASSIGN_OR_RETURN(const auto contact,
                        runtime_->transact.Fold<ContactAggregate>(workspace, message.contact()));
  if (contact->lifecycle != Lifecycle::kActive) return v1::CONTACT_GONE;
  const auto caller = runtime_->authorizer->CallerOfPolicy(workspace, kPolicy);
  if (caller != nullptr && caller->settings->sending_stopped) return v1::SENDING_STOPPED;
  KITH_ASSIGN_OR_RETURN(const bool is_suppressed,
                        IsToBeSuppressed(workspace, message, contact->resource));
  return is_suppressed ? v1::SUPPRESSED : v1::MESSAGE_FAILURE_UNSPECIFIED;
}

absl::StatusOr<bool> MailEffect::IsToBeSuppressed(WorkspaceId workspace, const v1::Message& message,
                                                  const contacts::v1::Contact& contact) const {
  const std::string& address = message.address();
  AddressFacts facts{.contact = contact, .is_transactional = message.transactional()};
  const auto key = EmailKey(address);
  if (!key.has_value()) return IsSuppressed(address, facts);
  KITH_ASSIGN_OR_RETURN(const std::set<std::string> messages,
                        StreamsTagged(workspace, kUnsubscribedClaim, *key));
  for (const std::string& name : messages) {
    KITH_ASSIGN_OR_RETURN(const auto other,
                          runtime_->transact.Fold<MessageAggregate>(workspace, name));
    facts.is_unsubscribed |= IsUnsubscribed(*other);
  }
  KITH_ASSIGN_OR_RETURN(const std::set<std::string> contacts,
                        StreamsTagged(workspace, kContactEmailClaim, *key));
  std::vector<std::shared_ptr<const ContactAggregate::State>> claimants;
  for (const std::string& name : contacts) {
    KITH_ASSIGN_OR_RETURN(auto claimant,
                          runtime_->transact.Fold<ContactAggregate>(workspace, name));
    if (claimant->lifecycle != Lifecycle::kActive) continue;
    facts.claimants.push_back(&claimant->resource);
    claimants.push_back(std::move(claimant));
  }
  return IsSuppressed(address, facts);
}

absl::StatusOr<std::set<std::string>> MailEffect::StreamsTagged(WorkspaceId workspace,
                                                                absl::string_view purpose,
                                                                absl::string_view value) const {
  const eventstore::Tag tag = runtime_->keys.Mac(workspace, purpose, value);
  const auto cursor = runtime_->log.ReadTag(workspace, tag, Position());
  std::set<std::string> streams;
  while (true) {
    KITH_ASSIGN_OR_RETURN(const auto record, cursor->Next());
    if (record == nullptr) return streams;
    streams.insert(record->header.stream);
  }
}

bool MailEffect::IsTracked(WorkspaceId workspace, const v1::Message& message) const {
  if (public_url_.empty() || !message.tracked()) return false;
  // What was stopped since it was queued is stopped.
  const auto caller = runtime_->authorizer->CallerOfPolicy(workspace, kPolicy);
  if (caller != nullptr && caller->settings->tracking_stopped) return false;
  const auto contact = runtime_->transact.Fold<ContactAggregate>(workspace, message.contact());
  return contact.ok() && !(*contact)->resource.do_not_track();
}

runtime::Mailer::Letter MailEffect::LetterOf(WorkspaceId workspace, const v1::Message& message,
                                             const runtime::Mailbox& to, bool is_tracked) {
  runtime::Mailer::Letter letter{.to = to,
                                 .reply_to = runtime::ParseMailbox(message.reply_to()),
                                 .subject = message.subject(),
                                 .text = message.text(),
                                 .html = message.html(),
                                 .calendar = message.calendar(),
                                 .calendar_method = message.calendar_method(),
                                 .is_automatic = message.automatic()};
  if (message.transactional()) return letter;
  if (public_url_.empty()) {
    if (!has_said_.exchange(true)) {
      Log(LogLevel::kWarning,
          "mail is sent without a way to unsubscribe, and is not tracked: no public address of the "
          "HTTP port was named",
          {{"flag", "--public_url"}});
    }
    return letter;
  }
  AddToLetter({.sealer = runtime_->log.token_sealer(),
               .public_url = public_url_,
               .message = {workspace, message.name()},
               .is_tracked = is_tracked},
              letter);
  return letter;
}

MailEffect::Outcome MailEffect::OutcomeOf(const SmtpResult& result, const std::string& name,
                                          bool is_tracked, const EffectContext& context) const {
  switch (result.end) {
    case SmtpResult::End::kTaken:
      return Sent(name, mailer_->MessageIdOf(context), is_tracked);
    case SmtpResult::End::kRejected:
      return Failed(name, v1::REJECTED, result.reply);
    case SmtpResult::End::kStopped:
      return absl::UnavailableError("the server stops");
    case SmtpResult::End::kMayPass:
      break;
  }
  runtime::LogNotSent(result);
  if (context.attempt >= attempts_max()) return Failed(name, v1::GAVE_UP, result.reply);
  return absl::UnavailableError(absl::StrCat("the mail server did not take it: ", result.reply));
}

}  // namespace kith::messages
