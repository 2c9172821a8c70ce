// The business calendar directory: which business calendars there are, and which of them have this
// name.
#pragma once

#include "kith/business_calendars/v1/business_calendar.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::business_calendars {

class BusinessCalendarDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "business_calendar_directory";

  // Beside every field: the words of the name. By index: these, display_name, create_time. Names
  // are compared by their normal forms.
  static const projections::Table<v1::BusinessCalendar>& BusinessCalendars();

  BusinessCalendarDirectory()
      : ResourceDirectory(kName, 1, "businessCalendars", BusinessCalendars().core()) {}
};

}  // namespace kith::business_calendars
