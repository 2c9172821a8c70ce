// The commands on interactions: what each is decided on, and what it is answered with.
#pragma once

#include "absl/status/status.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "services/core/decision.h"
#include "services/interactions/interaction.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"

namespace kith::interactions {

// Stateless; any thread, several at a time. See MethodTable::Command and Ingest.
class InteractionCommands {
 public:
  using Item = v1::IngestInteractionsRequest::Item;

  Decision Run(runtime::Loader& load, const v1::RecordInteractionRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::RecordInteractionRequest& command,
                      v1::Interaction* response) const;

  Decision Run(runtime::Loader& load, const Item& item, const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const Item& item,
                      v1::IngestInteractionsResponse::Result* result) const;
};

}  // namespace kith::interactions
