// GetCalendar: what somebody has before them, and had lately, as calendar programs take it. Any
// thread that may touch the disk.
#pragma once

#include "services/runtime/calls/method_table.h"

namespace kith::meetings {

// Borrows the table.
void BindCalendar(runtime::MethodTable& methods);

}  // namespace kith::meetings
