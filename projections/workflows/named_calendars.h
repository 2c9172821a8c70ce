// The business calendars that moments of records are counted by, as a policy remembers them: a fold
// of their events in a table of its own, of number 7. Pure.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/log/event_registry.h"
#include "projections/engine/view_batch.h"
#include "services/core/business_time.h"

namespace kith::workflows {

// The category whose events say what calendars are.
inline constexpr char kBusinessCalendars[] = "businessCalendars";

bool IsOfCalendar(const eventstore::RecordedEvent& event);
absl::Status RememberCalendar(const eventstore::RecordedEvent& event,
                              projections::ViewBatch& batch);
// The calendar of this name, as it was last where it was deleted; where none is named, or known,
// the days from Monday to Friday in the workspace's zone.
absl::StatusOr<WorkCalendar> CalendarNamed(const std::string& name, const std::string& time_zone,
                                           WorkspaceId workspace, projections::ViewBatch& batch);

}  // namespace kith::workflows
