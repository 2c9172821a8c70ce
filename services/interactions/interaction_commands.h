// The commands on interactions: what each is decided on, and what it is answered with.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "services/core/decision.h"
#include "services/interactions/interaction.h"
#include "services/interactions/interaction_reader.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"

namespace kith::interactions {

// Any thread, several at a time. See MethodTable::Command and Ingest.
class InteractionCommands {
 public:
  using Item = v1::IngestInteractionsRequest::Item;

  explicit InteractionCommands(const InteractionReader& reader) : reader_(reader) {}

  Decision Run(runtime::Loader& load, const v1::RecordInteractionRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::RecordInteractionRequest& command,
                      v1::Interaction* response) const;

  Decision Run(runtime::Loader& load, const Item& item, const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const Item& item,
                      v1::IngestInteractionsResponse::Result* result) const;

  Decision Run(runtime::Loader& load, const v1::AmendInteractionRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::AmendInteractionRequest& command,
                      v1::Interaction* response) const;
  Decision Run(runtime::Loader& load, const v1::RedactInteractionRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::RedactInteractionRequest& command,
                      v1::Interaction* response) const;

 private:
  // The append happens only if nobody amends it meanwhile.
  absl::StatusOr<InteractionNow> Load(runtime::Loader& load, const std::string& name) const;
  absl::Status Render(runtime::Rendering& after, const std::string& name,
                      v1::Interaction* response) const;

  absl::Status HideWhereRepeated(runtime::Rendering& after, v1::Interaction& response) const;

  const InteractionReader reader_;
};

}  // namespace kith::interactions
