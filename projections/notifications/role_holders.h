// Who has a role, as a policy remembers it that tells all of them.
//
// Pure. The tables are the policy's, of numbers 13 and 14. Those who have a role stand in several
// rows, by their names: in most workspaces nearly everybody has the same few roles.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/log/event_registry.h"
#include "projections/engine/view_batch.h"

namespace kith::notifications {

bool IsRole(absl::string_view name);

// An event of a user.
bool IsOfHolders(const eventstore::RecordedEvent& event);
absl::Status FoldHolders(const eventstore::RecordedEvent& event, projections::ViewBatch& batch);

// Who has the role and works with Kith: sorted, the first `limit` of them.
absl::StatusOr<std::vector<std::string>> HoldersOf(const std::string& role, WorkspaceId workspace,
                                                   size_t limit, projections::ViewBatch& batch);

}  // namespace kith::notifications
