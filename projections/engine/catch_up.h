// CatchUp: how views that are behind read the log: each lane of them from its own place and at its
// own pace, so that none waits for another.
//
// What one has read is decoded for all that are not beyond it, and kept while they may still come
// by, up to a bound of bytes: views that are built together read the log once while they stay
// together. Errors of the disk are the caller's to try again: nothing is remembered of them.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
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

  struct Stretch {
    std::shared_ptr<const Chunk> chunk;  // null at the head
    bool is_coming = false;              // another lane reads it
  };

  // The stretch of the log that follows `after`, decoded for the `views` of the lane. Reads the
  // disk. Where another lane reads the same just now, `wake` is called when it is done, on its
  // thread.
  absl::StatusOr<Stretch> After(size_t lane, const ViewSet& views, Position after,
                                std::function<void()> wake);
  // The lane needs nothing more for now.
  void Leave(size_t lane);

  // How many stretches were read so far, for tests.
  uint64_t reads() const;

 private:
  struct Kept {
    std::shared_ptr<const Chunk> chunk;
    size_t bytes;
  };

  struct Place {
    Position position;
    ViewSet views;
  };

  std::shared_ptr<const Chunk> Find(const ViewSet& views, Position after) const
      KITH_REQUIRES(mutex_);
  // Those that are at `after` or before it.
  ViewSet ViewsBehind(Position after) const KITH_REQUIRES(mutex_);
  void Keep(Position after, Kept kept) KITH_REQUIRES(mutex_);
  void DropPassed() KITH_REQUIRES(mutex_);
  absl::StatusOr<Kept> Read(Position after, const ViewSet& views);

  eventstore::EventLog& log_;
  const EventDecoder& decoder_;
  const size_t kept_bytes_max_;

  mutable Mutex mutex_;
  absl::flat_hash_map<size_t, Place> places_ KITH_GUARDED_BY(mutex_);  // by lane
  // Who waits for what is being read, by what it follows.
  absl::flat_hash_map<Position, std::vector<std::function<void()>>> reading_
      KITH_GUARDED_BY(mutex_);
  absl::btree_map<Position, Kept> kept_ KITH_GUARDED_BY(mutex_);  // by what they follow
  size_t kept_bytes_ KITH_GUARDED_BY(mutex_) = 0;
  uint64_t reads_ KITH_GUARDED_BY(mutex_) = 0;
};

}  // namespace kith::projections
