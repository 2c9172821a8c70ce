// Feed: decoded events on their way from the feeder to one view's worker, a bounded queue of
// chunks.
//
// A chunk is a stretch of the log, decoded once and shared by every view. Chunks tell where they
// end, so that a view moves on over events that are none of its own. One feeder pushes, one worker
// takes.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/event_registry.h"

namespace kith::projections {

struct FedEvent {
  std::shared_ptr<const eventstore::Record> record;
  std::shared_ptr<const eventstore::RecordedEvent> event;  // null when it could not be decoded
  absl::Status undecoded;                                  // then why
  uint64_t takers = 0;                                     // bit i: view i takes it
};

struct Chunk {
  std::vector<FedEvent> events;  // those that some view takes
  Position last;                 // where the stretch ends
  uint64_t takers = 0;           // of any of them
};

class Feed {
 public:
  // What a worker finds to do.
  struct Work {
    std::vector<std::shared_ptr<const Chunk>> chunks;
    Position through;     // nothing up to here is for the view but what is in the chunks
    bool flush = false;   // someone asked for a flush
    bool closed = false;  // nothing comes any more; the chunks are to be left alone
  };

  // At most `events_max` events wait, but always one chunk.
  explicit Feed(size_t events_max) : events_max_(events_max) {}

  // Waits while the feed is full. After Close it does nothing.
  void Push(std::shared_ptr<const Chunk> chunk);
  // What follows, up to `last`, is not for this view. True when the worker waits for work, having
  // done all: the caller moves the view on. Otherwise the worker does, when it gets there.
  bool Skip(Position last);
  void AskForFlush();
  // Ends every wait. What still waits is dropped.
  void Close();

  // Waits for something to do.
  Work Take();
  // True while the worker waits in Take: it has nothing to do.
  bool idle() const;

 private:
  static size_t Weight(const Chunk& chunk) { return chunk.events.size() + 1; }

  const size_t events_max_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<std::shared_ptr<const Chunk>> chunks_ KITH_GUARDED_BY(mutex_);
  size_t events_ KITH_GUARDED_BY(mutex_) = 0;
  bool flush_ KITH_GUARDED_BY(mutex_) = false;
  bool closed_ KITH_GUARDED_BY(mutex_) = false;
  bool idle_ KITH_GUARDED_BY(mutex_) = false;
  Position through_ KITH_GUARDED_BY(mutex_);
  bool skipped_ KITH_GUARDED_BY(mutex_) = false;  // the worker is to move on to through_
};

}  // namespace kith::projections
