#include "projections/business_calendars/business_calendar_directory.h"

#include "eventstore/base/normalise.h"

namespace kith::business_calendars {

using projections::Table;
using projections::TableBuilder;

const Table<v1::BusinessCalendar>& BusinessCalendarDirectory::BusinessCalendars() {
  static const auto& table = *new Table<v1::BusinessCalendar>(
      TableBuilder<v1::BusinessCalendar>(1)
          .Key([](const v1::BusinessCalendar& calendar) { return calendar.name(); })
          .Words([](const v1::BusinessCalendar& calendar, projections::WordSink& out) {
            out.Add(calendar.display_name());
          })
          .Field("display_name", {.normalise = FoldedName})
          .Alias()
          .Field("create_time")
          .Index(1, {"display_name"})
          .Index(2, {"create_time"})
          .Index(3, {"words"})
          .Build());
  return table;
}

}  // namespace kith::business_calendars
