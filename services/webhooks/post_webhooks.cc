#include "services/webhooks/post_webhooks.h"

#include <memory>
#include <utility>

#include "services/runtime/effects/address_guard.h"
#include "services/webhooks/saved_address.h"
#include "services/webhooks/webhook_effect.h"

namespace kith::webhooks {

void PostWebhooks(runtime::ServerBuilder& server, const WebhookOptions& options) {
  auto effect = std::make_unique<WebhookEffect>(options);
  const runtime::AddressGuard guard(options.http.allowed);
  server.Serve([&server, guard, posts = effect.get()](runtime::Runtime& runtime,
                                                      runtime::MethodTable& methods) {
    posts->Attach(runtime);
    BindSavingWebhooks(server.resources(), runtime, guard, methods);
  });
  server.AddEffect(std::move(effect));
}

}  // namespace kith::webhooks
