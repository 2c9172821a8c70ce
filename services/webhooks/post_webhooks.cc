#include "services/webhooks/post_webhooks.h"

#include <memory>
#include <utility>

#include "services/webhooks/webhook_effect.h"

namespace kith::webhooks {

void PostWebhooks(runtime::ServerBuilder& server, const WebhookOptions& options) {
  auto effect = std::make_unique<WebhookEffect>(options);
  server.Serve([posts = effect.get()](runtime::Runtime& runtime, runtime::MethodTable&) {
    posts->Attach(runtime);
  });
  server.AddEffect(std::move(effect));
}

}  // namespace kith::webhooks
