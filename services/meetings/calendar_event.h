// A meeting as calendars take it. Pure; any thread.
#pragma once

#include "kith/meetings/v1/meeting.pb.h"
#include "services/core/icalendar.h"

namespace kith::meetings {

// Without the people.
CalendarEvent EventOf(const v1::Meeting& meeting);

}  // namespace kith::meetings
