// SavedAddress: a webhook is not saved with an address, 10.0.0.7, that the server would refuse when
// it posts there. What a name comes to, nobody knows before.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "services/core/decision.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/effects/address_guard.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::webhooks {

// WEBHOOKS_ERROR_INVALID_WEBHOOK where a decision gives a webhook such a URL; one that has it
// already keeps it.
absl::Status CheckSavedAddress(const Changes& changes, const runtime::AddressGuard& guard);

// Binds CreateWebhook and UpdateWebhook, the standard commands with that check behind them. `types`
// are those of the server, with webhooks among them. Borrows the runtime.
void BindSavingWebhooks(std::vector<runtime::ResourceType> types, const runtime::Runtime& runtime,
                        const runtime::AddressGuard& guard, runtime::MethodTable& methods);

}  // namespace kith::webhooks
