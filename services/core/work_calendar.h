// A business calendar as business time is computed with: see services/core/business_time.h. Pure
// functions, any thread.
#pragma once

#include "absl/status/status.h"
#include "kith/business_calendars/v1/business_calendar.pb.h"
#include "services/core/business_time.h"

namespace kith {

// OK, or every rule that it breaks and that no single field can state.
absl::Status CheckBusinessCalendar(const business_calendars::v1::BusinessCalendar& calendar);

// Of one that passed its checks. A zone that is gone from the tz database counts as UTC.
WorkCalendar WorkCalendarOf(const business_calendars::v1::BusinessCalendar& calendar);

}  // namespace kith
