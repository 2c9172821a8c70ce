#include "services/messages/mail.h"

#include <memory>
#include <utility>

#include "services/messages/mail_effect.h"

namespace kith::messages {

void SendBySmtp(runtime::ServerBuilder& server, const runtime::SmtpOptions& options) {
  auto effect = std::make_unique<MailEffect>(options);
  server.Serve([mail = effect.get()](runtime::Runtime& runtime, runtime::MethodTable&) {
    mail->Attach(runtime);
  });
  server.AddEffect(std::move(effect));
}

}  // namespace kith::messages
