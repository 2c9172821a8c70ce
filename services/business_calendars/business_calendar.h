// The business calendar: when a company is at work.
#pragma once

#include "absl/strings/string_view.h"
#include "kith/business_calendars/v1/business_calendar.pb.h"
#include "kith/business_calendars/v1/business_calendar_events.pb.h"
#include "services/core/resource_rules.h"

namespace kith::business_calendars {

struct BusinessCalendarAggregate
    : ResourceAggregate<v1::BusinessCalendar, v1::BusinessCalendarEvent> {
  static constexpr absl::string_view kCategory = "businessCalendars";
};

const ResourceRules& Rules();

}  // namespace kith::business_calendars
