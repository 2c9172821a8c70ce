#include "services/notifications/mail.h"

#include <memory>
#include <utility>

#include "services/notifications/notification_mail_effect.h"

namespace kith::notifications {

void SendBy(runtime::ServerBuilder& server, std::shared_ptr<runtime::Mailer> mailer) {
  auto effect = std::make_unique<NotificationMailEffect>(std::move(mailer));
  server.Serve([mail = effect.get()](runtime::Runtime& runtime, runtime::MethodTable&) {
    mail->Attach(runtime);
  });
  server.AddEffect(std::move(effect));
}

}  // namespace kith::notifications
