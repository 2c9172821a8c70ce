// The records that a command makes a deal name: its owner and its contacts. See
// services/core/links.h. Pure; any thread.
#pragma once

#include "absl/status/status.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "services/core/links.h"

namespace kith::deals {

struct DealState;

Links NewLinks(const v1::CreateDealRequest& command);
// None where there is no deal.
Links NewLinks(const DealState& state, const v1::UpdateDealRequest& command);

}  // namespace kith::deals
