#include "projections/workflows/named_calendars.h"

#include <utility>

#include "eventstore/base/standard_events.h"
#include "eventstore/base/status_macros.h"
#include "kith/business_calendars/v1/business_calendar.pb.h"
#include "projections/tables/fold_resource.h"
#include "projections/tables/table.h"
#include "projections/workflows/time_span.h"
#include "services/core/date.h"
#include "services/core/work_calendar.h"

namespace kith::workflows {
namespace {

using business_calendars::v1::BusinessCalendar;
using projections::Table;
using projections::TableBuilder;
using projections::ViewBatch;

const Table<BusinessCalendar>& Calendars() {
  static const auto& table = *new Table<BusinessCalendar>(
      TableBuilder<BusinessCalendar>(4)
          .Key([](const BusinessCalendar& row) -> const std::string& { return row.name(); })
          .Build());
  return table;
}

}  // namespace

bool IsOfCalendar(const eventstore::RecordedEvent& event) {
  return eventstore::CategoryOf(event.header().stream) == kBusinessCalendars;
}

absl::Status RememberCalendar(const eventstore::RecordedEvent& event, ViewBatch& batch) {
  const eventstore::EventHeader& header = event.header();
  KITH_ASSIGN_OR_RETURN(auto known, Calendars().Get(batch, header.workspace, header.stream));
  BusinessCalendar calendar = known.has_value() ? *std::move(known) : BusinessCalendar();
  FoldStandardEvent(projections::HappeningOf(event), calendar);
  if (calendar.name().empty()) return absl::OkStatus();
  return Calendars().Put(batch, header.workspace, calendar);
}

absl::StatusOr<WorkCalendar> CalendarNamed(const std::string& name, const std::string& time_zone,
                                           WorkspaceId workspace, ViewBatch& batch) {
  if (!name.empty()) {
    KITH_ASSIGN_OR_RETURN(const auto row, Calendars().Get(batch, workspace, name));
    if (row.has_value()) return WorkCalendarOf(*row);
  }
  return Weekdays(TimeZoneOf(time_zone).value_or(absl::UTCTimeZone()));
}

}  // namespace kith::workflows
