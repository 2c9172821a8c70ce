// RecordClock: gives each batch of the log the time that its events are recorded at, and tells when
// the past up to a time is settled: when nothing will be recorded at or before it any more, and
// everything that was is published.
//
// What was settled stays so when the machine's clock steps back while nothing runs: a bound is kept
// on disk, written a second ahead, so that many settle with one write; and what is before the last
// batch needs none. After a crash nothing is recorded before the bound.
//
// Owned by the log. Batches begin and end on the committer's threads, in order and a few at a time;
// anybody settles, from any thread. Nothing here waits, and all of it is constant work.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <utility>
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
  // Puts on disk that times up to `bound` may be settled, and tells when it is there. Must not
  // wait.
  using Kept = absl::AnyInvocable<void(absl::Status)>;
  using Keep = std::function<void(absl::Time bound, Kept kept)>;

  // Borrows both. `settled` is the bound that was kept last.
  RecordClock(const Clock& clock, Executor& executor, absl::Time settled, Keep keep)
      : clock_(clock),
        executor_(executor),
        keep_(std::move(keep)),
        settled_(settled),
        kept_(settled) {}

  // No batch is in flight, and the last one was recorded at `last`. What was settled stays settled.
  void Reset(absl::Time last) KITH_EXCLUDES(mutex_);
  // The record time of a batch that begins: now, but neither before the batch before it, whatever
  // the machine's clock does, nor in the past that is settled. `behind`, where it is not null, is
  // set to how far that clock is behind it.
  absl::Time BeginBatch(absl::Duration* behind = nullptr) KITH_EXCLUDES(mutex_);
  // EventLog::Now; never before what it told since the process began.
  absl::Time Now() const KITH_EXCLUDES(mutex_);
  // The oldest batch in flight is published.
  void EndBatch() KITH_EXCLUDES(mutex_);
  // The oldest batch in flight failed: what becomes of it and of those behind it is known at the
  // next Reset. Until then their time cannot be settled.
  void Fail() KITH_EXCLUDES(mutex_);

  // EventLog::Settle.
  void Settle(absl::Time time, EventLog::Settled done) KITH_EXCLUDES(mutex_);

  // What is to be kept at the end: exactly what is settled. Nullopt where that is kept already.
  std::optional<absl::Time> Unkept() const KITH_EXCLUDES(mutex_);

 private:
  struct Waiting {
    absl::Time time;
    EventLog::Settled done;
  };

  bool IsPublished(absl::Time time) const KITH_REQUIRES(mutex_) {
    return in_flight_.empty() || time < in_flight_.front();
  }
  // Whether nothing can be recorded at or before `time` once it is settled, whatever happens: the
  // disk says so, or has a later batch.
  bool IsKept(absl::Time time) const KITH_REQUIRES(mutex_) {
    return time <= kept_ || time < published_;
  }
  void TakeKept(absl::Time bound, const absl::Status& status) KITH_EXCLUDES(mutex_);
  void Post(std::vector<Waiting> waiting, const absl::Status& status);

  const Clock& clock_;
  Executor& executor_;
  const Keep keep_;
  mutable Mutex mutex_;
  absl::Time last_ KITH_GUARDED_BY(mutex_) = absl::InfinitePast();  // of the last batch begun
  mutable absl::Time told_ KITH_GUARDED_BY(mutex_) = absl::InfinitePast();  // by Now, last
  absl::Time published_ KITH_GUARDED_BY(mutex_) =
      absl::InfinitePast();                     // of the last one published
  absl::Time settled_ KITH_GUARDED_BY(mutex_);  // later batches are after it
  absl::Time kept_ KITH_GUARDED_BY(mutex_);     // settled_ may rise to here without a write
  bool keeping_ KITH_GUARDED_BY(mutex_) = false;
  std::vector<Waiting> unkept_ KITH_GUARDED_BY(mutex_);       // until kept_ has risen
  std::deque<absl::Time> in_flight_ KITH_GUARDED_BY(mutex_);  // oldest first
  bool failed_ KITH_GUARDED_BY(mutex_) = false;
  std::vector<Waiting> waiting_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::eventstore
