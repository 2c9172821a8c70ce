// Who did something: what a user does with an API key of theirs, they do themselves. Which key is
// whose, a policy that asks remembers by itself.
//
// Pure. The table is the policy's, of number 10.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "eventstore/log/event_registry.h"
#include "projections/engine/view_batch.h"

namespace kith::notifications {

// The category whose events say which key is whose; of these, ones that do.
inline constexpr char kKeyEvents[] = "workspaces";
bool IsOfKey(const eventstore::RecordedEvent& event);
// Of an event that is of a key.
absl::Status FoldKey(const eventstore::RecordedEvent& event, projections::ViewBatch& batch);

// The user who did it, or for whom it was done; empty where that is a service or a policy.
absl::StatusOr<std::string> DoerOf(const eventstore::EventHeader& header,
                                   projections::ViewBatch& batch);

}  // namespace kith::notifications
