// GetMeetingInvitation: a meeting as calendars take it. Any thread that may touch the disk.
#pragma once

#include "services/runtime/calls/method_table.h"

namespace kith::meetings {

// Borrows the table.
void BindInvitation(runtime::MethodTable& methods);

}  // namespace kith::meetings
