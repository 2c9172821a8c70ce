// CatchUp: how views that are behind read the log: each from its own place and at its own pace, on
// its worker's thread, so that none waits for another.
//
// What one has read is decoded for all that are not beyond it, and kept while they may still come
// by, up to a bound of bytes: views that are built together read the log once while they stay
// together. Errors of the disk are the caller's to try again: nothing is remembered of them.
#pragma once

#include <deque>
#include <memory>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/event_log.h"
#include "projections/engine/event_decoder.h"

namespace kith::projections {

// Thread-safe. Borrows both.
class CatchUp {
 public:
  // At most `kept_bytes` of records are kept for others.
  CatchUp(eventstore::EventLog& log, const EventDecoder& decoder, size_t kept_bytes)
      : log_(log), decoder_(decoder), kept_bytes_max_(kept_bytes) {}

  // The stretch of the log that follows `after`, decoded for `view`; null at the head. Reads the
  // disk, or waits while another view reads the same.
  absl::StatusOr<std::shared_ptr<const Chunk>> After(size_t view, Position after);
  // The view needs nothing more for now.
  void Leave(size_t view);

  // How many stretches were read so far, for tests.
  uint64_t reads() const;

 private:
  struct Kept {
    std::shared_ptr<const Chunk> chunk;
    size_t bytes;
  };

  std::shared_ptr<const Chunk> Find(size_t view, Position after) const KITH_REQUIRES(mutex_);
  // Those that are at `after` or before it.
  uint64_t ViewsBehind(Position after) const KITH_REQUIRES(mutex_);
  void Keep(Position after, Kept kept) KITH_REQUIRES(mutex_);
  void DropPassed() KITH_REQUIRES(mutex_);
  absl::StatusOr<Kept> Read(Position after, uint64_t views);

  eventstore::EventLog& log_;
  const EventDecoder& decoder_;
  const size_t kept_bytes_max_;

  mutable Mutex mutex_;
  CondVar read_;
  absl::flat_hash_map<size_t, Position> places_ KITH_GUARDED_BY(mutex_);  // by view
  absl::flat_hash_set<Position> reading_ KITH_GUARDED_BY(mutex_);
  absl::btree_map<Position, Kept> kept_ KITH_GUARDED_BY(mutex_);  // by what they follow
  size_t kept_bytes_ KITH_GUARDED_BY(mutex_) = 0;
  uint64_t reads_ KITH_GUARDED_BY(mutex_) = 0;
};

}  // namespace kith::projections
