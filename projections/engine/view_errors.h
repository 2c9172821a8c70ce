// What a reader is told whose view is not where it should be. Shares and times only: positions
// would say how much others write.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "projections/engine/view.h"

namespace kith::projections {

// ERROR_VIEW_BEHIND: the view is at work, but did not get there in time.
absl::Status ViewBehind(absl::string_view view);
// ERROR_VIEW_BUILDING, with the time left where it is known.
absl::Status ViewBuilding(absl::string_view view, const BuildProgress& progress);
// ERROR_VIEW_STOPPED: it is tried again in so long.
absl::Status ViewStopped(absl::string_view view, absl::Duration retry);
// ERROR_SHUTTING_DOWN.
absl::Status ShuttingDown();

}  // namespace kith::projections
