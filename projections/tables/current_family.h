// CurrentFamily: the entries of a view's current indexes: keys without values and without versions.
//
// Beside the view's versioned family, with a checkpoint of its own, because RocksDB keeps no two
// families at one position over a crash. It is exactly the fold of the events up to its checkpoint,
// so a worker that folds again from the lower of the two checkpoints leaves out what a family holds
// already. FORMAT.md, section data/views.
#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"
#include "projections/tables/current_changes.h"
#include "projections/tables/key_range.h"

namespace kith::projections {

// Reads from any thread, one writer. Shared by the snapshots that read it; after its store is
// closed every call answers Unavailable.
class CurrentFamily {
 public:
  virtual ~CurrentFamily() = default;

  // Every event up to here is in it and none after. A later answer is never lower, so what was read
  // before this was asked for is at most this new.
  virtual absl::StatusOr<Position> Checkpoint() const = 0;
  // Visits the entries that are there when the scan begins, until the visitor is false. The view
  // lives until the visitor returns. Unavailable, or DataLoss when the bytes on disk are damaged.
  virtual absl::Status Scan(const KeyRange& range,
                            absl::FunctionRef<bool(absl::string_view)> visit) const = 0;

  // Atomic, the checkpoint included, but not on disk before a Flush. Checkpoints only rise.
  virtual absl::Status Write(const CurrentChanges& changes, Position checkpoint) = 0;
  // Writes the memtable to disk; with `wait` false it only begins to.
  virtual absl::Status Flush(bool wait) = 0;
};

}  // namespace kith::projections
