// ShorterLog: a log as it was at an earlier position, seen through the present one; appends to it
// fail. Thread-safe.
#pragma once

#include <memory>

#include "eventstore/log/event_log.h"

namespace kith::testing {

// Borrows `log`, which outlives it.
std::unique_ptr<eventstore::EventLog> NewShorterLog(eventstore::EventLog& log, Position head);

}  // namespace kith::testing
