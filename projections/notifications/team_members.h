// Who is in a team, or in a part of it, as a policy remembers it that tells all of them.
//
// Pure. The tables are the policy's, of numbers 11 and 12. A team's row has everybody in it: it is
// read where something is to be told to a team, and written where somebody joins or leaves one.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/log/event_registry.h"
#include "projections/engine/view_batch.h"
#include "projections/notifications/notice.h"
#include "projections/reactions/policy.h"

namespace kith::notifications {

// An event of a user or a team.
bool IsOfMembers(const eventstore::RecordedEvent& event);
absl::Status FoldMembers(const eventstore::RecordedEvent& event, projections::ViewBatch& batch);

// Who is in the team, or in a part of it, and works with Kith: sorted, the first `limit` of them.
absl::StatusOr<std::vector<std::string>> MembersOf(const std::string& team, WorkspaceId workspace,
                                                   size_t limit, projections::ViewBatch& batch);

// Of a team with more members the first in the order of their names are told.
inline constexpr int kMembersMax = 50;

bool IsTeam(absl::string_view owner);
// Tells the notice to its owner, or where that is a team to everybody in it, but for `doer`.
absl::Status TellOwners(const eventstore::EventHeader& header, const Notice& notice,
                        const std::string& doer, projections::ViewBatch& batch,
                        projections::Reactions& reactions);

}  // namespace kith::notifications
