// Engine: the storage under the log, as small as it can be: ordered tables of bytes, written in
// atomic, durable batches.
//
// Everything that makes a log of it (numbering, conditions, request ids, the overlay, followers,
// cursors) stands once in eventstore/log; what an engine stores under which key is keys.h and
// FORMAT.md. Two engines exist: eventstore/rocksdb, and eventstore/memory for tests; one
// conformance suite runs over both.
//
// Threads: reads from any thread, at any time. Commit and Reopen are called by one thread at a
// time; a read that meets a Reopen answers Unavailable. No iterator outlives a call, so cursors may
// be alive when the engine closes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/log/event_log.h"

namespace kith::eventstore {

// The tables of the log. The order is that of kTableNames.
enum class Table { kEvents, kHeads, kStreams, kWorkspaces, kTags, kRequests, kTimes, kTree, kMeta };

// Persisted: renaming one is a migration.
inline constexpr const char* kTableNames[] = {"events",   "heads", "streams", "workspaces", "tags",
                                              "requests", "times", "tree",    "meta"};
inline constexpr size_t kTableCount = sizeof(kTableNames) / sizeof(kTableNames[0]);

// Entries to be written together. Used by one thread at a time.
class EngineBatch {
 public:
  virtual ~EngineBatch() = default;
  // Later entries of the same key win. Both views are copied.
  virtual void Put(Table table, absl::string_view key, absl::string_view value) = 0;
  // Empties the batch but keeps its memory.
  virtual void Clear() = 0;
};

// Entries of one table whose keys begin with `prefix`, from `start` on (inclusive; it begins with
// the prefix) in `direction`.
struct ScanRange {
  Table table;
  absl::string_view prefix;
  absl::string_view start;
  Direction direction = Direction::kForwards;
};

class Engine {
 public:
  // The views live until the visitor returns; false ends the scan. Must not call the engine.
  using Visitor = absl::FunctionRef<bool(absl::string_view key, absl::string_view value)>;

  virtual ~Engine() = default;

  // Who this store is: 16 random bytes, drawn when it was created, and the number of restores it
  // went through.
  virtual const std::string& store_id() const = 0;
  virtual uint64_t epoch() const = 0;

  virtual std::unique_ptr<EngineBatch> NewBatch() = 0;
  // Writes the batch whole, on disk when this returns. On an error the outcome is unknown and the
  // engine must be reopened before the next Commit.
  virtual absl::Status Commit(EngineBatch& batch) = 0;

  // Nullopt when there is no such key. Unavailable when the tier is kMemory and the answer is not
  // in memory; DataLoss when the bytes on disk are damaged.
  virtual absl::StatusOr<std::optional<std::string>> Get(Table table, absl::string_view key,
                                                         ReadTier tier) const = 0;
  // Same errors as Get.
  virtual absl::Status Scan(const ScanRange& range, ReadTier tier, Visitor visit) const = 0;

  // Closes and opens the storage again after a failed Commit; waits for reads in progress. On an
  // error it may be closed or still as it was; where there is too little room to open it again, it
  // is not closed, and reads go on.
  virtual absl::Status Reopen() = 0;

  // DataLoss once the storage has met damage by itself, with nobody who asked for what is damaged:
  // for ever, because that is mended by a restore only. Costs nothing until then.
  virtual absl::Status Damage() const { return absl::OkStatus(); }

  // Bytes free for this store, after all that it holds in memory has been written, too.
  virtual absl::StatusOr<uint64_t> FreeBytes() const = 0;

  // The durable mark: a position known to have been on disk, kept outside the tables, so that a log
  // that lost its end is noticed. Position 0 when none was written.
  virtual absl::StatusOr<Position> ReadMark() const = 0;
  virtual absl::Status WriteMark(Position position) = 0;

  // A time up to which reads may have been answered (EventLog::Settle), kept outside the tables,
  // too. The infinite past when none was written. One thread at a time.
  virtual absl::StatusOr<absl::Time> ReadSettled() = 0;
  virtual absl::Status WriteSettled(absl::Time time) = 0;
};

}  // namespace kith::eventstore
