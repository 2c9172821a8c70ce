#include "services/messages/mail.h"

#include <memory>
#include <utility>

#include "services/messages/mail_effect.h"

namespace kith::messages {

void SendBy(runtime::ServerBuilder& server, std::shared_ptr<runtime::Mailer> mailer,
            const std::string& public_url) {
  auto effect = std::make_unique<MailEffect>(std::move(mailer), public_url);
  server.Serve([mail = effect.get()](runtime::Runtime& runtime, runtime::MethodTable&) {
    mail->Attach(runtime);
  });
  server.AddEffect(std::move(effect));
}

}  // namespace kith::messages
