#include "services/runtime/effects/mailer.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/log.h"
#include "eventstore/base/sha256.h"
#include "services/runtime/effects/back_off.h"

namespace kith::runtime {
namespace {

constexpr size_t kSecretBytes = 8;

BackOff BackOffOf(const SmtpOptions& options) {
  return {options.retry_first, options.retry_most, options.give_up};
}

}  // namespace

Mailer::Mailer(const SmtpOptions& options)
    : options_(options),
      from_(*ParseMailbox(options.from)),
      attempts_max_(BackOffOf(options).attempts_max()) {}

void Mailer::Attach(const Clock& clock, absl::string_view store_id, Sign sign) {
  if (client_ != nullptr) return;
  sign_ = std::move(sign);
  store_ = absl::BytesToHexString(store_id);
  client_ = std::make_unique<SmtpClient>(options_, clock);
}

void Mailer::Stop() {
  if (client_ != nullptr) client_->Stop();
}

void Mailer::Send(const Letter& letter, const EffectContext& context, SmtpClient::Done done) {
  KITH_CHECK(client_ != nullptr);
  const std::string composed = ComposeMail({.from = from_,
                                            .to = letter.to.address,
                                            .reply_to = letter.reply_to,
                                            .message_id = MessageIdOf(context),
                                            .date = context.now,
                                            .subject = letter.subject,
                                            .text = letter.text,
                                            .html = letter.html,
                                            .calendar = letter.calendar,
                                            .calendar_method = letter.calendar_method,
                                            .unsubscribe_url = letter.unsubscribe_url,
                                            .is_automatic = letter.is_automatic});
  client_->Send({from_.address, letter.to.address, composed}, std::move(done));
}

std::string Mailer::MessageIdOf(const EffectContext& context) const {
  const std::string id(context.id);
  const Sha256Hash secret = Sha256::Of(sign_(id));
  const absl::string_view bytes(reinterpret_cast<const char*>(secret.data()), kSecretBytes);
  return absl::StrCat("<", id, ".", absl::BytesToHexString(bytes), ".", store_, "@", from_.domain(),
                      ">");
}

absl::Duration Mailer::RetryDelay(int attempt) const { return BackOffOf(options_).After(attempt); }

void LogNotSent(const SmtpResult& result) {
  Log(LogLevel::kWarning, "a message was not sent yet",
      {{"reply", result.reply}, {"why", result.why}});
}

}  // namespace kith::runtime
