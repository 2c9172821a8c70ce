// Feed: decoded events on their way from the feeder to one view's worker, a bounded queue of
// chunks.
//
// A chunk is a stretch of the log, decoded once and shared by the views. Chunks tell where they
// end, so that a view moves on over events that are none of its own. One feeder pushes and never
// waits: a worker that lets its feed fill up is cut off, reads the log by itself and joins again
// when it is near the feeder. One worker takes.
#pragma once

#include <atomic>
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
  uint64_t views = 0;            // for whom it was decoded: for others it holds nothing
  uint64_t takers = 0;           // of any of them
};

class Feed {
 public:
  // What a worker that has joined finds to do.
  struct Work {
    std::vector<std::shared_ptr<const Chunk>> chunks;
    Position through;      // nothing up to here is for the view but what is in the chunks
    bool cut_off = false;  // what follows is not in the feed: Join again later
    bool flush = false;    // someone asked for a flush
    bool closed = false;   // nothing comes any more; the chunks are to be left alone
  };

  // At most `events_max` events wait, but always one chunk. The feeder begins after `begin`.
  Feed(size_t events_max, Position begin)
      : events_max_(events_max), through_(begin), offered_(begin) {}

  // --- For the feeder
  // Whether the worker wants what is pushed. Costs nothing.
  bool joined() const { return joined_.load(std::memory_order_acquire); }
  // Where the feed is full the worker is cut off instead, and the chunk is not in the feed.
  void Push(std::shared_ptr<const Chunk> chunk);
  // What follows, up to `last`, is not for this view. True when the worker waits for work, having
  // done all: the caller moves the view on. Otherwise the worker does, when it gets there.
  bool Skip(Position last);
  // What follows, up to `last`, was not decoded for this view.
  void Miss(Position last);

  // --- For the worker
  // From now on what is pushed is kept. Answers where what was pushed before ends: the worker gets
  // there by itself, and then begins to Take.
  Position Join();
  // The end of Join: what waits is dropped.
  void Leave();
  // Where the feeder is.
  Position offered() const;
  // Waits for something to do. Only after Join.
  Work Take();
  // What was asked for meanwhile, without waiting and without chunks.
  Work TakeRequests();
  // Waits until Wake is called or the feed is closed.
  void Sleep();

  // --- For anybody
  void AskForFlush();
  void Wake();
  // Ends every wait. What still waits is dropped.
  void Close();
  // True while the worker waits: it has nothing to do.
  bool idle() const;

 private:
  static size_t Weight(const Chunk& chunk) { return chunk.events.size() + 1; }
  void Drop() KITH_REQUIRES(mutex_);

  const size_t events_max_;
  std::atomic<bool> joined_{false};  // changed under the mutex
  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<std::shared_ptr<const Chunk>> chunks_ KITH_GUARDED_BY(mutex_);
  size_t events_ KITH_GUARDED_BY(mutex_) = 0;
  bool flush_ KITH_GUARDED_BY(mutex_) = false;
  bool closed_ KITH_GUARDED_BY(mutex_) = false;
  bool woken_ KITH_GUARDED_BY(mutex_) = false;
  bool idle_ KITH_GUARDED_BY(mutex_) = false;     // in Take
  bool asleep_ KITH_GUARDED_BY(mutex_) = false;   // in Sleep
  bool skipped_ KITH_GUARDED_BY(mutex_) = false;  // the worker is to move on to through_
  Position through_ KITH_GUARDED_BY(mutex_);
  Position offered_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::projections
