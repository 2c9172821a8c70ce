// The webhook directory: which webhooks there are, and which of them have this name or state.
#pragma once

#include "kith/webhooks/v1/webhook.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::webhooks {

class WebhookDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "webhook_directory";

  // Beside every field: the words of the name. By index: these, display_name, state, create_time.
  // Names are compared by their normal forms.
  static const projections::Table<v1::Webhook>& Webhooks();

  WebhookDirectory();
};

}  // namespace kith::webhooks
