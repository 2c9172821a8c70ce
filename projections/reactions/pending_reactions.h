// One pending reaction of a policy, by its name: what is known of a single one, without a look at
// the queue, which is that of all workspaces.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"
#include "kith/policies/v1/policy_rows.pb.h"
#include "projections/engine/view_batch.h"
#include "projections/engine/view_snapshot.h"

namespace kith::projections {

// What a reaction is called that is done at once: by the event that it follows from, and by which
// of its reactions it is, from 0.
std::string ReactionName(Sequence sequence, int number);

// Nullopt where there is none of this name, or it is done. Touches the disk: not on a gRPC thread.
absl::StatusOr<std::optional<policies::v1::PendingReaction>> FindReaction(
    const ViewSnapshot& snapshot, WorkspaceId workspace, absl::string_view name);

// Whether a reaction of this name of the batch's own policy is still to be done, as while it folds.
absl::StatusOr<bool> IsPending(ViewBatch& batch, WorkspaceId workspace, absl::string_view name);

}  // namespace kith::projections
