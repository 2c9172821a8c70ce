// RecordClock: gives each batch of the log the time that its events are recorded at, and tells when
// the past up to a time is settled: when nothing will be recorded at or before it any more, and
// everything that was is published.
//
// Owned by the log. Batches begin and end on the committer's threads, in order and a few at a time;
// anybody settles, from any thread. Nothing here waits, and all of it is constant work.
#pragma once

#include <deque>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/event_log.h"

namespace kith::eventstore {

class RecordClock {
 public:
  // Borrows both.
  RecordClock(const Clock& clock, Executor& executor) : clock_(clock), executor_(executor) {}

  // No batch is in flight, and the last one was recorded at `last`. What was settled stays settled.
  void Reset(absl::Time last) KITH_EXCLUDES(mutex_);
  // The record time of a batch that begins: now, but neither before the batch before it, whatever
  // the machine's clock does, nor in the past that is settled.
  absl::Time BeginBatch() KITH_EXCLUDES(mutex_);
  // The oldest batch in flight is published.
  void EndBatch() KITH_EXCLUDES(mutex_);
  // The oldest batch in flight failed: what becomes of it and of those behind it is known at the
  // next Reset. Until then their time cannot be settled.
  void Fail() KITH_EXCLUDES(mutex_);

  // EventLog::Settle.
  void Settle(absl::Time time, EventLog::Settled done) KITH_EXCLUDES(mutex_);

 private:
  struct Waiting {
    absl::Time time;
    EventLog::Settled done;
  };

  bool IsPublished(absl::Time time) const KITH_REQUIRES(mutex_) {
    return in_flight_.empty() || time < in_flight_.front();
  }
  void Post(std::vector<Waiting> waiting, const absl::Status& status);

  const Clock& clock_;
  Executor& executor_;
  Mutex mutex_;
  absl::Time last_ KITH_GUARDED_BY(mutex_) = absl::InfinitePast();     // of the last batch begun
  absl::Time settled_ KITH_GUARDED_BY(mutex_) = absl::InfinitePast();  // later batches are after it
  std::deque<absl::Time> in_flight_ KITH_GUARDED_BY(mutex_);           // oldest first
  bool failed_ KITH_GUARDED_BY(mutex_) = false;
  std::vector<Waiting> waiting_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::eventstore
