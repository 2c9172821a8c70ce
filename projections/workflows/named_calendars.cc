#include "projections/workflows/named_calendars.h"

#include "eventstore/base/status_macros.h"
#include "kith/business_calendars/v1/business_calendar.pb.h"
#include "projections/tables/followed_records.h"
#include "projections/workflows/time_span.h"
#include "services/core/date.h"
#include "services/core/work_calendar.h"

namespace kith::workflows {
namespace {

using business_calendars::v1::BusinessCalendar;
using projections::ViewBatch;

const projections::FollowedRecords<BusinessCalendar>& Calendars() {
  static const auto& calendars = *new projections::FollowedRecords<BusinessCalendar>(7);
  return calendars;
}

}  // namespace

bool IsOfCalendar(const eventstore::RecordedEvent& event) {
  return eventstore::CategoryOf(event.header().stream) == kBusinessCalendars;
}

absl::Status RememberCalendar(const eventstore::RecordedEvent& event, ViewBatch& batch) {
  return Calendars().Remember(event, batch);
}

absl::StatusOr<WorkCalendar> CalendarNamed(const std::string& name, const std::string& time_zone,
                                           WorkspaceId workspace, ViewBatch& batch) {
  if (!name.empty()) {
    KITH_ASSIGN_OR_RETURN(const auto row, Calendars().Find(batch, workspace, name));
    if (row.has_value()) return WorkCalendarOf(*row);
  }
  return Weekdays(TimeZoneOf(time_zone).value_or(absl::UTCTimeZone()));
}

}  // namespace kith::workflows
