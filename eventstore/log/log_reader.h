// LogReader: typed reads over the engine's tables and the tail, for the log's own parts: preparing
// appends, cursors, recovery. Thread-safe; holds nothing of its own.
//
// Errors of all: Unavailable when the tier is kMemory and the answer is not in memory, or while the
// engine reopens; DataLoss when stored bytes are damaged or missing: the message names the position
// or the table.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/log/engine.h"
#include "eventstore/log/keys.h"
#include "eventstore/log/tail.h"

namespace kith::eventstore {

using Records = std::vector<std::shared_ptr<const Record>>;

class LogReader {
 public:
  // Borrows both.
  LogReader(const Engine& engine, const Tail& tail) : engine_(engine), tail_(tail) {}

  // By the key of keys.h, as of what is published; revision 0 when the stream is empty.
  absl::StatusOr<StreamHead> HeadOf(absl::string_view head_key, ReadTier tier) const;
  absl::StatusOr<std::optional<std::pair<RequestKey, Appended>>> FindRequest(
      absl::string_view request_key, ReadTier tier) const;
  // The first event after `after` that carries the tag; 0 when there is none.
  absl::StatusOr<Position> FirstTagged(WorkspaceId workspace, const Tag& tag, Position after,
                                       ReadTier tier) const;

  // Null beyond the head.
  absl::StatusOr<std::shared_ptr<const Record>> ReadAt(Position position, ReadTier tier) const;
  // The events at [first, last], in order, at most about 1 MiB of them and at least one.
  absl::StatusOr<Records> ReadRange(Position first, Position last, ReadTier tier) const;
  // The same from the other end: `last` comes first.
  absl::StatusOr<Records> ReadRangeBackwards(Position first, Position last, ReadTier tier) const;

  // Up to `limit` runs of an index (`streams`, `workspaces`) under a prefix, from the one that
  // holds `from` on.
  absl::StatusOr<std::vector<Run>> ReadRuns(Table table, absl::string_view prefix, uint64_t from,
                                            Direction direction, size_t limit, ReadTier tier) const;

  absl::StatusOr<Position> PositionAt(absl::Time time, ReadTier tier) const;
  absl::StatusOr<Position> PositionOf(WorkspaceId workspace, Sequence sequence,
                                      ReadTier tier) const;
  // The leaf hash of the event at `position`, as the tree has it.
  absl::StatusOr<Hash> LeafHashAt(Position position) const;
  // The last position in the events table, whatever is published.
  absl::StatusOr<Position> LastStored() const;

 private:
  absl::StatusOr<Records> ReadOne(Position position, ReadTier tier) const;
  // Those from `from` to `to`, in the engine.
  absl::StatusOr<Records> Scan(Position from, Position to, Direction direction,
                               ReadTier tier) const;
  // The head of a stream whose last event, with this revision, is not published yet.
  absl::StatusOr<StreamHead> HeadBefore(absl::string_view head_key, Revision revision,
                                        Position published, ReadTier tier) const;

  const Engine& engine_;
  const Tail& tail_;
};

// Drops those behind the one with which the records reach 1 MiB: a reader that stands still must
// not hold more, also of what was in memory when it was read.
void KeepAboutAMebibyte(Records* records);

// The record stored at `position`; DataLoss naming it when the bytes are damaged or belong
// elsewhere.
absl::StatusOr<std::shared_ptr<const Record>> DecodeRecordAt(Position position,
                                                             absl::string_view bytes);

}  // namespace kith::eventstore
