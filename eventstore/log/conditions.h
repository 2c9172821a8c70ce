// Conditions of an append: whether they hold, and the Aborted status that tells which did not. Pure
// functions.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "eventstore/log/event_log.h"

namespace kith::eventstore {

// Whether a stream whose revision is `actual` satisfies the condition.
bool Holds(const StreamCondition& condition, Revision actual);

Conflict ConflictOf(const StreamCondition& condition, Revision actual);
// `actual`: an event after condition.after that carries the tag.
Conflict ConflictOf(const TagCondition& condition, Position actual);

// Aborted, with all conflicts as payload; ConflictsOf reads them back. `conflicts` is not empty.
absl::Status ConflictStatus(const std::vector<Conflict>& conflicts);

}  // namespace kith::eventstore
