// IndexFamily: the entries of a view's indexes, with the spans of positions at which they held.
//
// Beside the view's rows, in a family without timestamps: what is there now stands alone, so a read
// of now, or of a moment ago, passes over nothing that was. It has a checkpoint of its own, because
// RocksDB keeps no two families at one position over a crash. It is exactly the fold of the events
// up to its checkpoint, so who folds again from the lower of the two checkpoints leaves
// out what a family holds already. FORMAT.md, section data/views.
#pragma once

#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "eventstore/base/strong_id.h"
#include "projections/store/index_changes.h"
#include "projections/store/index_keys.h"
#include "projections/store/key_range.h"

namespace kith::projections {

// The views live until the visitor returns; false ends the scan.
using EntryVisitor = absl::FunctionRef<bool(absl::string_view entry)>;
// The same of several ranges; it is told which one, by its place among them.
using EntriesVisitor = absl::FunctionRef<Visiting(size_t range, absl::string_view entry)>;
using SpanVisitor = absl::FunctionRef<bool(const IndexSpan& span)>;

// The entries of a family that is empty, from the first event on: gathered, and written all at once
// in the end, in their order. What is gathered stands in bounded memory and in a file without a
// name; the family stays empty until Finish is done. One thread, the family's writer.
class IndexBuild {
 public:
  virtual ~IndexBuild() = default;

  // An entry, by its live key (index_keys.h), comes or goes. Positions never fall.
  virtual void Turn(absl::string_view key, bool added, Position at) = 0;
  // What is in memory.
  virtual size_t bytes() const = 0;
  // Empties the memory. Between two positions.
  virtual absl::Status Spill() = 0;
  // Does a piece of the work, about `entries_max` entries of it; true when all of it is done, on
  // disk, with the checkpoint. Nothing is added any more.
  virtual absl::StatusOr<bool> FinishSome(Position checkpoint, size_t entries_max) = 0;
};

// Reads from any thread, one writer. Shared by the snapshots that read it; after its store is
// closed every call answers Unavailable. DataLoss when the bytes on disk are damaged.
class IndexFamily {
 public:
  virtual ~IndexFamily() = default;

  // Every event up to here is in it and none after. A later answer is never lower, so what was read
  // before this was asked for is at most this new.
  virtual absl::StatusOr<Position> Checkpoint() const = 0;
  // Visits the entries of versioned indexes that held at `at`, which is at most where the view is:
  // one range after the other, in any order. A further range costs a fraction of a scan of its own,
  // which begins by looking up every file.
  virtual absl::Status ScanEach(absl::Span<const KeyRange> ranges, Position at,
                                EntriesVisitor visit) const = 0;
  absl::Status Scan(const KeyRange& range, Position at, EntryVisitor visit) const {
    return ScanEach(absl::MakeConstSpan(&range, 1), at, [&](size_t, absl::string_view entry) {
      return visit(entry) ? Visiting::kGoOn : Visiting::kEnd;
    });
  }
  // Visits the entries of current indexes that are there when the scan begins.
  virtual absl::Status ScanCurrentEach(absl::Span<const KeyRange> ranges,
                                       EntriesVisitor visit) const = 0;
  absl::Status ScanCurrent(const KeyRange& range, EntryVisitor visit) const {
    return ScanCurrentEach(absl::MakeConstSpan(&range, 1), [&](size_t, absl::string_view entry) {
      return visit(entry) ? Visiting::kGoOn : Visiting::kEnd;
    });
  }
  // Visits all that is kept: the entries of versioned indexes that are there, those of current
  // ones, then what was; each by entry, then by position. For digests and tests, at rest.
  virtual absl::Status ScanSpans(SpanVisitor visit) const = 0;

  // Atomic, the checkpoint included, but not on disk before a Flush. Checkpoints only rise.
  virtual absl::Status Write(const IndexChanges& changes, Position checkpoint) = 0;
  // Only while nothing was ever written to the family, and until the build is finished or given up
  // nothing else is.
  virtual std::unique_ptr<IndexBuild> Build() = 0;
  // Writes the memtable to disk; with `wait` false it only begins to.
  virtual absl::Status Flush(bool wait) = 0;
  // DataLoss where merging its files in the background has met damage: it can only be dropped.
  virtual absl::Status Damage() const = 0;
};

}  // namespace kith::projections
