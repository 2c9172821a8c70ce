// The followers of EventLog, of all events and of one workspace's: they read from the tail while
// they keep up, from disk where they have fallen behind.
#pragma once

#include <memory>

#include "eventstore/log/log_reader.h"

namespace kith::eventstore {

// Borrows both; they outlive the follower.
std::unique_ptr<EventLog::Follower> NewFollower(const LogReader& reader, Tail& tail,
                                                Position after);
std::unique_ptr<EventLog::Follower> NewWorkspaceFollower(const LogReader& reader, Tail& tail,
                                                         WorkspaceId workspace, Sequence after);

}  // namespace kith::eventstore
