// The follower of EventLog: reads from the tail while it keeps up, from disk where it has fallen
// behind.
#pragma once

#include <memory>

#include "eventstore/log/log_reader.h"

namespace kith::eventstore {

// Borrows both; they outlive the follower.
std::unique_ptr<EventLog::Follower> NewFollower(const LogReader& reader, Tail& tail,
                                                Position after);

}  // namespace kith::eventstore
