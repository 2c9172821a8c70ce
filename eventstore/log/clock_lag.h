// How far the machine's clock was behind the time that an event was recorded at.
//
// A record time never falls. So where the clock was ahead and is set back, events are recorded in
// its future until it has caught up. Their headers say by how much, in whole minutes, in the upper
// flags: what happens just now is told by that from what was imported as old. FORMAT.md, a record.
// Pure functions; any thread.
#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "eventstore/log/types.h"

namespace kith::eventstore {

// The flags that say so; none of less than a minute, and those of the most that they can say, some
// 31 years, of more.
uint32_t ClockLagFlags(absl::Duration behind);
absl::Duration ClockLagOf(const EventHeader& header);

// How long after it happened an event was recorded, by the machine's clock.
absl::Duration AgeWhenRecorded(const EventHeader& header);

}  // namespace kith::eventstore
