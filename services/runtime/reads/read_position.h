// ReadPosition: where in the log a read stands: which moment it asks about and what it must wait
// for.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/log/event_log.h"
#include "kith/type/v1/read.pb.h"
#include "services/runtime/reads/moments.h"

namespace kith::runtime {

struct ReadPosition {
  Position wait_for;                 // the view must have folded this
  std::optional<Position> at;        // the moment asked about; nullopt: as new as the view is
  std::optional<Sequence> sequence;  // the workspace's last event at `at`, where it is known
  absl::Time read_time;              // the moment, in time: what ages are computed for
  bool as_of = false;                // the caller named the moment, and it is not now
};

// The time that a read as of a time must have settled first (EventLog::Settle); nullopt for every
// other read.
std::optional<absl::Time> TimeToSettle(const type::v1::ReadOptions& options);

// Resolves ReadOptions and, where the request has one, the bytes of a page token, which stand for
// the position of its first page: a moment beside it must be the same one, or is
// ERROR_INVALID_FIELD. `now` is the time, or where the read is as of a time, that time as the log
// settled it. Unavailable when the tier is kMemory and the answer needs the disk;
// ERROR_INVALID_TOKEN and ERROR_INVALID_PAGE_TOKEN for a token that is damaged, of another store or
// beyond the log's end; ERROR_OUT_OF_RANGE for a sequence that no event of the workspace has yet.
// Before its first event a log is empty, which is not an error.
absl::StatusOr<ReadPosition> ResolveReadPosition(const Moments& moments, WorkspaceId workspace,
                                                 const type::v1::ReadOptions& options,
                                                 absl::string_view page_token, absl::Time now,
                                                 eventstore::ReadTier tier);

// The token of a position of this log, with the number of the caller's last event in front where it
// is given.
std::string TokenAt(const eventstore::EventLog& log, Position position,
                    std::optional<Sequence> sequence = std::nullopt);
// The position of a token of this log. ERROR_INVALID_TOKEN for any other.
absl::StatusOr<Position> PositionOfToken(const eventstore::EventLog& log, absl::string_view token);

}  // namespace kith::runtime
