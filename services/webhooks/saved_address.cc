#include "services/webhooks/saved_address.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "kith/webhooks/v1/webhook_events.pb.h"
#include "kith/webhooks/v1/webhooks_service.pb.h"
#include "services/core/reject.h"
#include "services/runtime/effects/http_client.h"
#include "services/runtime/resources/find_type.h"
#include "services/runtime/resources/standard_handler.h"
#include "services/webhooks/webhook.h"
#include "services/webhooks/webhook_fields.h"

namespace kith::webhooks {
namespace {

using google::protobuf::Message;
using runtime::AddressGuard;
using runtime::CommandHandler;
using runtime::ResourceType;

// Everything else of a webhook is checked before.
class SavingHandler final : public CommandHandler {
 public:
  SavingHandler(std::shared_ptr<const std::vector<ResourceType>> types, const AddressGuard& guard,
                std::unique_ptr<CommandHandler> standard)
      : types_(std::move(types)), guard_(guard), standard_(std::move(standard)) {}

  std::vector<std::string> Concerns(const Message& request) const override {
    return standard_->Concerns(request);
  }
  absl::Status Render(runtime::Rendering& after, const Message& request,
                      Message* response) const override {
    return standard_->Render(after, request, response);
  }

 private:
  Decision Run(runtime::Loader& load, const Message& request,
               const CommandContext& context) const override {
    Decision decision = standard_->Decide(load, request, context);
    if (decision.ok()) KITH_RETURN_IF_ERROR(CheckSavedAddress(*decision, guard_));
    return decision;
  }

  const std::shared_ptr<const std::vector<ResourceType>> types_;  // which `standard_` borrows
  const AddressGuard guard_;
  const std::unique_ptr<CommandHandler> standard_;
};

// The URL that it gives a webhook; null where it leaves that alone.
const std::string* UrlSetBy(const v1::WebhookEvent& event) {
  if (event.has_webhook_created()) return &event.webhook_created().webhook().url();
  if (!event.has_webhook_updated()) return nullptr;
  const auto& paths = event.webhook_updated().update_mask().paths();
  return std::find(paths.begin(), paths.end(), "url") == paths.end()
             ? nullptr
             : &event.webhook_updated().webhook().url();
}

}  // namespace

absl::Status CheckSavedAddress(const Changes& changes, const AddressGuard& guard) {
  google::rpc::BadRequest violations;
  for (const Change& change : changes.list()) {
    const auto* const event =
        google::protobuf::DynamicCastToGenerated<v1::WebhookEvent>(&*change.event);
    const std::string* const url = event == nullptr ? nullptr : UrlSetBy(*event);
    if (url == nullptr || runtime::MayPostTo(guard, *url)) continue;
    AddViolation("webhook.url",
                 "must not lead to an address of a private network, and with http:// to none that "
                 "the server's operator does not allow (kithd --webhook_allow)",
                 violations);
  }
  return InvalidWebhook(violations);
}

void BindSavingWebhooks(std::vector<ResourceType> types, const runtime::Runtime& runtime,
                        const AddressGuard& guard, runtime::MethodTable& methods) {
  const auto all = std::make_shared<const std::vector<ResourceType>>(std::move(types));
  const ResourceType& webhooks = runtime::TypeOf(*all, WebhookAggregate::kCategory);
  const auto bind = [&](const runtime::Method& method, StandardMethod standard) {
    auto handler = runtime::MakeStandardHandler(*all, webhooks, standard,
                                                *method.descriptor->input_type(), runtime);
    handler->SetPermission(method.permission);
    methods.Command(method, std::make_unique<SavingHandler>(all, guard, std::move(handler)));
  };
  bind(runtime::MethodOf<v1::CreateWebhookRequest>(), StandardMethod::kCreate);
  bind(runtime::MethodOf<v1::UpdateWebhookRequest>(), StandardMethod::kUpdate);
}

}  // namespace kith::webhooks
