// Mailer: what all effects that send mail share: one mail server, how often it is tried, and what a
// mail is known by.
//
// At least once: where the process ends between the server's yes and the event that says so, it is
// sent again, with the same Message-ID.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/clock.h"
#include "services/runtime/effects/effect.h"
#include "services/runtime/effects/mail_text.h"
#include "services/runtime/effects/smtp_client.h"

namespace kith::runtime {

// Thread-safe once it is attached.
class Mailer {
 public:
  // What is signed of a mail, wherever what is signed is told apart by its purpose.
  static constexpr absl::string_view kMessageIdPurpose = "mail.message_id";

  // `options.from` is a mailbox.
  explicit Mailer(const SmtpOptions& options);

  // What nobody but the store can make of an id; the same at every time.
  using Sign = absl::AnyInvocable<std::string(absl::string_view id) const>;
  // While the server starts, by each that shares it; `store_id` is the log's. Borrows the clock.
  void Attach(const Clock& clock, absl::string_view store_id, Sign sign);
  // By each that shares it: what is on its way ends as kStopped.
  void Stop();

  struct Letter {
    Mailbox to;
    std::optional<Mailbox> reply_to;
    std::string subject;
    std::string text;
    std::string html;
    std::string calendar;  // as Mail has them
    std::string calendar_method;
    std::string unsubscribe_url;
    bool is_automatic = false;
  };
  // As SmtpClient::Send.
  void Send(const Letter& letter, const EffectContext& context, SmtpClient::Done done);

  // "<1-412-0.9b….4f…@acme.example>": the same at every try, and known to nobody who was not sent
  // the mail, so that nobody else says that it came back.
  std::string MessageIdOf(const EffectContext& context) const;

  // As Effect has them: the last try is about `give_up` after the first.
  absl::Duration RetryDelay(int attempt) const;
  int attempts_max() const { return attempts_max_; }

 private:
  const SmtpOptions options_;
  const Mailbox from_;
  const int attempts_max_;
  std::string store_;
  Sign sign_;
  std::unique_ptr<SmtpClient> client_;  // null until it is attached
};

// The same mistake, told of each mail that meets it: without a name, so that equal lines become one
// in the log.
void LogNotSent(const SmtpResult& result);

}  // namespace kith::runtime
