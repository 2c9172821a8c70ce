// Cursors: walks over the log's records, pinned at the head when made. A cursor reads in pieces and
// holds nothing of the engine between two calls of Next. Made by LogReader's owner; not
// thread-safe.
#pragma once

#include <memory>
#include <string>

#include "eventstore/log/log_reader.h"

namespace kith::eventstore {

// All events from `from` on; backwards from the head when `from` is 0.
std::unique_ptr<RecordCursor> NewLogCursor(const LogReader& reader, Position head, Position from,
                                           Direction direction);

// What an index of runs (`streams`, `workspaces`) holds under `prefix`, from number `from` on;
// backwards from its end when `from` is 0.
std::unique_ptr<RecordCursor> NewRunCursor(const LogReader& reader, Position head, Table table,
                                           std::string prefix, uint64_t from, Direction direction,
                                           ReadTier tier);

// The events after `after` that carry the tag.
std::unique_ptr<RecordCursor> NewTagCursor(const LogReader& reader, Position head,
                                           WorkspaceId workspace, const Tag& tag, Position after);

}  // namespace kith::eventstore
