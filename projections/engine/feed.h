// Feed: decoded events on their way from the feeder to one lane of views, a bounded queue of
// chunks.
//
// A chunk is a stretch of the log, decoded once and shared by the views. Chunks tell where they
// end, so that a view moves on over events that are none of its own. One feeder pushes; a lane that
// lets its feed fill up is cut off, reads the log by itself and joins again when it is near the
// feeder. Nobody waits here: a lane that found nothing to do is woken.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/event_registry.h"
#include "projections/engine/view_set.h"

namespace kith::projections {

struct FedEvent {
  std::shared_ptr<const eventstore::Record> record;
  std::shared_ptr<const eventstore::RecordedEvent> event;  // null when it could not be decoded
  absl::Status undecoded;                                  // then why
  ViewSet takers;                                          // itself, not only its base
};

struct Chunk {
  std::vector<FedEvent> events;  // those that some view takes
  Position last;                 // where the stretch ends
  ViewSet views;                 // for whom it was decoded: for others it holds nothing
  ViewSet takers;                // of any of them
};

class Feed {
 public:
  // What a lane that has joined finds to do.
  struct Work {
    bool idle = false;  // nothing: the lane rests until it is woken, and touches nothing more
    std::vector<std::shared_ptr<const Chunk>> chunks;
    Position through;      // nothing up to here is for the view but what is in the chunks
    bool cut_off = false;  // what follows is not in the feed: Join again later
    bool flush = false;    // someone asked for a flush
    bool closed = false;   // nothing comes any more; the chunks are to be left alone
  };

  // At most `events_max` events wait, but always one chunk. The feeder begins after `begin`. `wake`
  // is called, on any thread, when a lane that rests has something to do.
  Feed(size_t events_max, Position begin, std::function<void()> wake)
      : events_max_(events_max), wake_(std::move(wake)), through_(begin), offered_(begin) {}

  // --- For the feeder
  // Whether the lane wants what is pushed. Costs nothing.
  bool joined() const { return joined_.load(std::memory_order_acquire); }
  // Where the feed is full the lane is cut off instead, and the chunk is not in the feed.
  void Push(std::shared_ptr<const Chunk> chunk);
  // What follows, up to `last`, is not for these views. True when the lane rests, having done all:
  // the caller moves the views on. Otherwise the lane does, when it gets there.
  bool Skip(Position last);
  // What follows, up to `last`, was not decoded for all of these views.
  void Miss(Position last);

  // --- For the lane
  // From now on what is pushed is kept. Answers where what was pushed before ends: the lane gets
  // there by itself, and then begins to Take.
  Position Join();
  // The end of Join: what waits is dropped.
  void Leave();
  // Where the feeder is.
  Position offered() const;
  // What there is to do. Only after Join.
  Work Take();
  // What was asked for meanwhile, without chunks.
  Work TakeRequests();
  // The lane has nothing to do until Wake or Close. False where one of them came already.
  bool Rest();

  // --- For anybody
  void AskForFlush();
  void Wake();
  // What still waits is dropped, and the lane woken.
  void Close();
  bool closed() const;
  // True while the lane rests.
  bool idle() const;

 private:
  static size_t Weight(const Chunk& chunk) { return chunk.events.size() + 1; }
  void Drop() KITH_REQUIRES(mutex_);
  // The lane has something to do. True when it rested: then the caller wakes it, without the lock.
  bool EndRest() KITH_REQUIRES(mutex_) { return std::exchange(idle_, false); }

  const size_t events_max_;
  std::atomic<bool> joined_{false};  // changed under the mutex
  const std::function<void()> wake_;
  mutable Mutex mutex_;
  std::vector<std::shared_ptr<const Chunk>> chunks_ KITH_GUARDED_BY(mutex_);
  size_t events_ KITH_GUARDED_BY(mutex_) = 0;
  bool flush_ KITH_GUARDED_BY(mutex_) = false;
  bool closed_ KITH_GUARDED_BY(mutex_) = false;
  bool woken_ KITH_GUARDED_BY(mutex_) = false;
  bool idle_ KITH_GUARDED_BY(mutex_) = false;     // the lane rests until there is something
  bool asleep_ KITH_GUARDED_BY(mutex_) = false;   // the lane rests until Wake or Close
  bool skipped_ KITH_GUARDED_BY(mutex_) = false;  // the lane is to move on to through_
  Position through_ KITH_GUARDED_BY(mutex_);
  Position offered_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::projections
