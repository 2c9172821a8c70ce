// EventLog: the truth. Appends events durably, numbers them, and reads them back in order.
//
// One object per data directory, over an engine (RocksDB, or memory for tests) that both pass one
// conformance suite. Thread-safe: every method may be called from any thread. What is promised, and
// tested:
//  - An append is whole or absent, and on disk before its completion is told.
//  - No reader sees position p+1 before p; sequences of a workspace have no holes, also after a
//  crash.
//  - A request that appended is remembered for ever.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/executor.h"
#include "eventstore/log/types.h"

namespace kith::eventstore {

class Engine;
class KeyStore;
class TokenSealer;

enum class Direction { kForwards, kBackwards };

// A walk over records. Not thread-safe; owned by its reader; freed before the log.
class RecordCursor {
 public:
  virtual ~RecordCursor() = default;
  // The next record, or null at the end as it stood when the cursor was made. DataLoss when a
  // record fails its checksum: the message names the position.
  virtual absl::StatusOr<std::shared_ptr<const Record>> Next() = 0;
};

class EventLog {
 public:
  using AppendDone = absl::AnyInvocable<void(absl::StatusOr<Appended>)>;

  virtual ~EventLog() = default;

  // Appends when every condition holds. `done` is called exactly once, on the executor or on a
  // thread of the log's own: it must not wait for anything. Errors:
  //   InvalidArgument    over a limit of types.h, or malformed
  //   Aborted            conditions failed; ConflictsOf(status) tells which, expected and actual
  //   AlreadyExists      the request id was used for another request
  //   ResourceExhausted  the queue is full, or free space is below min_free_space: try again later
  //   Unavailable        a write or fsync failed: the outcome is unknown, retry with the same
  //   request id
  // The same request again is not an error: it answers with the numbers of then, `repeated` set.
  virtual void AppendAsync(Append append, AppendDone done) = 0;
  // The same, waiting. Not on a gRPC thread.
  absl::StatusOr<Appended> AppendAndWait(Append append);

  // The log's own time of day: the machine's, but never before what was recorded last, so that a
  // clock that is set back does not undo what time has ended.
  virtual absl::Time Now() const = 0;
  // The last durable and published position.
  virtual Position head() const = 0;
  virtual Sequence WorkspaceHead(WorkspaceId workspace) const = 0;
  // Random id of this data directory, and how often it was restored from a backup.
  virtual absl::string_view store_id() const = 0;
  virtual uint64_t epoch() const = 0;
  // Whether appends are taken: the disk has room, no failed write is being recovered from, and no
  // damage of the log was met.
  virtual bool takes_writes() const = 0;
  // Seals what clients keep, under a key of this store. Lives as long as the log.
  virtual const TokenSealer& token_sealer() const = 0;

  // Revision 0 when the stream is empty.
  virtual absl::StatusOr<StreamHead> HeadOf(WorkspaceId workspace, absl::string_view stream,
                                            ReadTier tier) const = 0;
  // What a request appended, or nullopt, also where it is written and not published yet.
  virtual absl::StatusOr<std::optional<std::pair<RequestKey, Appended>>> FindRequest(
      WorkspaceId workspace, absl::string_view method, absl::string_view request_id,
      ReadTier tier) const = 0;

  // Nullptr when no event stands at `position`.
  virtual absl::StatusOr<std::shared_ptr<const Record>> ReadAt(Position position,
                                                               ReadTier tier) const = 0;
  // From `from` on (inclusive); backwards from the end when `from` is 0 and the direction is
  // backwards.
  virtual std::unique_ptr<RecordCursor> ReadAll(Position from, Direction direction) const = 0;
  virtual std::unique_ptr<RecordCursor> ReadStream(WorkspaceId workspace, absl::string_view stream,
                                                   Revision from, Direction direction,
                                                   ReadTier tier) const = 0;
  virtual std::unique_ptr<RecordCursor> ReadWorkspace(WorkspaceId workspace, Sequence from,
                                                      Direction direction) const = 0;
  virtual std::unique_ptr<RecordCursor> ReadTag(WorkspaceId workspace, const Tag& tag,
                                                Position after) const = 0;

  // Settles the past up to `time`, or up to now where `time` has not come yet: from this call on
  // nothing is recorded at or before it, and `done` is called once, with the time that is settled,
  // when everything recorded until then is published: at once and on this thread when nothing of it
  // is in flight, else on the executor, or where the preparing is done. PositionAt that time is the
  // same for ever then. Unavailable while the outcome of a write of that time is unknown, or when
  // it cannot be noted on disk. Const, for it changes nothing that can be read.
  using Settled = absl::AnyInvocable<void(absl::StatusOr<absl::Time>)>;
  virtual void Settle(absl::Time time, Settled done) const = 0;
  // The same, waiting. Not on a gRPC thread.
  absl::StatusOr<absl::Time> SettleAndWait(absl::Time time) const;

  // The last position recorded at or before `time`; 0 before the first. May still grow for a time
  // that is not settled.
  virtual absl::StatusOr<Position> PositionAt(absl::Time time, ReadTier tier) const = 0;
  // The position of a workspace's event; the last one's when `sequence` is beyond it.
  virtual absl::StatusOr<Position> PositionOf(WorkspaceId workspace, Sequence sequence,
                                              ReadTier tier) const = 0;

  // Follows the log from `after` on, live: records come from memory while the reader keeps up and
  // from disk where it does not, and never slow the committer.
  class Follower {
   public:
    virtual ~Follower() = default;
    // Up to `limit` further records, in order, without waiting; empty when the follower has caught
    // up.
    virtual absl::StatusOr<std::vector<std::shared_ptr<const Record>>> Poll(size_t limit) = 0;
    // Calls `wake` once, on the executor, when there is something to poll (at once if there is). A
    // second call replaces the first. Destroying the follower cancels it: `wake` is not called
    // afterwards.
    virtual void Wake(absl::AnyInvocable<void()> wake) = 0;
    // Waits for something to poll, at most `timeout`; false when nothing came or Close was called.
    virtual bool Wait(absl::Duration timeout) = 0;
    // Ends every Wait, now and from now on. From any thread.
    virtual void Close() = 0;
  };
  virtual std::unique_ptr<Follower> Follow(Position after) = 0;
  // Follows the events of one workspace from `after` on. What others write neither wakes it nor has
  // to be read past, so any number may wait at no cost to them.
  virtual std::unique_ptr<Follower> FollowWorkspace(WorkspaceId workspace, Sequence after) = 0;
};

// A condition an append failed on; ConflictsOf reads all of them from an Aborted status.
struct Conflict {
  std::string stream;     // empty for a tag
  std::string condition;  // "absent", "exists", "revision 3", "no event with the tag after 17"
  std::string actual;     // "revision 5", "absent", "position 21"
  std::optional<Tag> tag;
};
std::vector<Conflict> ConflictsOf(const absl::Status& status);

struct EventLogOptions {
  size_t queue_appends_max = 16384;
  uint64_t min_free_bytes = 64 << 20;  // appends are refused below this much free disk
  size_t overlay_batches = 64;         // how many past commits the overlay remembers
  size_t tail_records = 16384;         // records kept in memory for followers
  size_t recent_streams = 1 << 17;     // streams written lately whose heads are kept in memory
  // Where an append waits for the disk before it can be committed; null: on the log's executor,
  // whose other work it holds up meanwhile. Like that one it outlives the log.
  Executor* preparing = nullptr;
};

// Opens the log over an engine, having verified its end and told the key store what it may not
// know. Borrows the rest, which outlives it; `keys` seals personal parts. The executor must go on
// running what it is given until the log is gone: the destructor waits for the appends in flight,
// then notes how far the log reaches. Errors:
//   DataLoss           records or indexes are damaged, or the log ends before its durable mark:
//   names the positions FailedPrecondition the durable mark is that of another store
absl::StatusOr<std::unique_ptr<EventLog>> OpenEventLog(std::unique_ptr<Engine> engine,
                                                       KeyStore& keys, const Clock& clock,
                                                       Executor& executor,
                                                       const EventLogOptions& options);

}  // namespace kith::eventstore
