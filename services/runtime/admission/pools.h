// Pools: the threads on which Kith may wait for a disk, so that gRPC's own threads never do.
//
// Five groups, so that one kind of work cannot starve another: `completions` runs what follows a
// commit, `folds` loads cold states and answers single records that were not in memory, `reads`
// runs lists and boards, `streams` makes what streams send: any number of them may be woken at
// once, and `sessions` begins the calls of sessions. The last and `reads` take the keys in turns.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "eventstore/base/metrics.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/event_log.h"
#include "services/runtime/admission/turns.h"

namespace kith::runtime {

// A fixed number of threads before one bounded queue. Thread-safe.
class Pool final : public Executor {
 public:
  struct Options {
    const char* name = "kith-pool";  // of its threads
    size_t threads = 2;
    size_t queue_max = 1024;
  };

  explicit Pool(const Options& options);
  ~Pool() override;  // Stop

  // Runs `work` on one of the threads. False, and `work` is dropped, when the queue is full or the
  // pool stopped.
  [[nodiscard]] bool TryRun(absl::AnyInvocable<void()> work) KITH_EXCLUDES(mutex_);
  // The same without bound, for work that must not be lost, such as telling the outcome of a
  // commit; once the pool has stopped it runs on the calling thread.
  void Run(absl::AnyInvocable<void()> work) override KITH_EXCLUDES(mutex_);

  // Runs what is queued, then ends the threads. Not from one of them. May be called twice.
  void Stop() KITH_EXCLUDES(mutex_);

 private:
  void Work() KITH_EXCLUDES(mutex_);
  void AddMetrics(MetricPage& page) KITH_EXCLUDES(mutex_);

  const Options options_;
  std::atomic<uint64_t> refused_ = 0;
  Mutex mutex_;
  CondVar changed_;
  std::deque<absl::AnyInvocable<void()>> queue_ KITH_GUARDED_BY(mutex_);
  size_t idle_ KITH_GUARDED_BY(mutex_) = 0;
  bool stopping_ KITH_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
  const MetricSource metrics_{[this](MetricPage& page) { AddMetrics(page); }};
};

struct PoolsOptions {
  Pool::Options completions = {.name = "kith-complete", .threads = 1};
  Pool::Options folds = {.name = "kith-folds", .threads = 2, .queue_max = 4096};
  // More than one key may have in flight.
  Pool::Options reads = {.name = "kith-reads", .threads = 4, .queue_max = 4096};
  Pool::Options streams = {.name = "kith-streams", .threads = 2, .queue_max = 4096};
  Pool::Options sessions = {.name = "kith-sessions", .threads = 2, .queue_max = 4096};
};

struct Pools {
  explicit Pools(const PoolsOptions& options)
      : completions(options.completions),
        folds(options.folds),
        reads(options.reads),
        streams(options.streams),
        sessions(options.sessions) {}
  ~Pools() {  // before their turns end
    reads.Stop();
    sessions.Stop();
  }

  Pool completions;
  Pool folds;
  Pool reads;
  Pool streams;
  Pool sessions;
  Turns read_turns{reads};
  Turns session_turns{sessions};
};

// The error of work that found its queue full: ERROR_LIMIT_REACHED with QuotaFailure and RetryInfo.
absl::Status QueueFull(absl::string_view queue);

}  // namespace kith::runtime
