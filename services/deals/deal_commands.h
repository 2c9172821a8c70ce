// The commands on deals: what each is decided on, and what it is answered with.
#pragma once

#include "google/protobuf/empty.pb.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "services/deals/deal.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"

namespace kith::deals {

// Stateless; any thread, several at a time. See MethodTable::Command.
class DealCommands {
 public:
  Decision Run(runtime::Loader& load, const v1::CreateDealRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::UpdateDealRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::DeleteDealRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::MoveDealRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::WinDealRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::LoseDealRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::ReopenDealRequest& command,
               const CommandContext& context) const;

  absl::Status Render(runtime::Rendering& after, const v1::CreateDealRequest& command,
                      v1::Deal* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::UpdateDealRequest& command,
                      v1::Deal* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::DeleteDealRequest& command,
                      google::protobuf::Empty* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::MoveDealRequest& command,
                      v1::Deal* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::WinDealRequest& command,
                      v1::Deal* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::LoseDealRequest& command,
                      v1::Deal* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::ReopenDealRequest& command,
                      v1::Deal* response) const;
};

}  // namespace kith::deals
