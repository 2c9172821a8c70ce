// QueryLeadConversions: how many leads are converted, by where they came from or whose they are.
#pragma once

#include "absl/status/status.h"
#include "kith/leads/v1/leads_service.pb.h"
#include "services/runtime/calls/read_call.h"

namespace kith::leads {

// The context's view is the directory of leads.
absl::Status CountConversions(const runtime::ReadContext& context,
                              const v1::QueryLeadConversionsRequest& request,
                              v1::LeadConversions* response);

}  // namespace kith::leads
