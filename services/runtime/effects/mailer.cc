#include "services/runtime/effects/mailer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/log.h"

namespace kith::runtime {
namespace {

absl::Duration DelayAfter(const SmtpOptions& options, int attempt) {
  absl::Duration delay = options.retry_first;
  for (int i = 1; i < attempt && delay < options.retry_most; ++i) delay *= 2;
  return std::min(delay, options.retry_most);
}

// So many tries that the last is about `give_up` after the first.
int AttemptsMax(const SmtpOptions& options) {
  constexpr int kMost = 10'000;
  int attempts = 1;
  absl::Duration after = absl::ZeroDuration();
  while (after < options.give_up && attempts < kMost) after += DelayAfter(options, attempts++);
  return attempts;
}

}  // namespace

Mailer::Mailer(const SmtpOptions& options)
    : options_(options), from_(*ParseMailbox(options.from)), attempts_max_(AttemptsMax(options)) {}

void Mailer::Attach(const Clock& clock, absl::string_view store_id) {
  if (client_ != nullptr) return;
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
                                            .html = letter.html});
  client_->Send({from_.address, letter.to.address, composed}, std::move(done));
}

std::string Mailer::MessageIdOf(const EffectContext& context) const {
  return absl::StrCat("<", context.id, ".", store_, "@", from_.domain(), ">");
}

absl::Duration Mailer::RetryDelay(int attempt) const { return DelayAfter(options_, attempt); }

void LogNotSent(const SmtpResult& result) {
  Log(LogLevel::kWarning, "a message was not sent yet",
      {{"reply", result.reply}, {"why", result.why}});
}

}  // namespace kith::runtime
