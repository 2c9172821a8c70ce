// When something last happened about a company, as each view knows it that hears of such things.
// Pure; any thread.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/strong_id.h"
#include "projections/engine/view_batch.h"
#include "projections/engine/view_snapshot.h"

namespace kith::companies {

// The table's number in each of these views. Persisted.
inline constexpr uint8_t kActivityTable = 1;

// Events may be recorded late: the latest one counts.
absl::Status NoteActivity(WorkspaceId workspace, absl::string_view company, absl::Time time,
                          projections::ViewBatch& batch);

// The beginning of time where nothing has happened that the view hears of. Touches the disk.
absl::StatusOr<absl::Time> LastActivity(const projections::ViewSnapshot& snapshot,
                                        WorkspaceId workspace, absl::string_view company);

}  // namespace kith::companies
