// Committer: takes prepared appends from its bounded queue, decides them in order, writes them in
// groups with one fsync each, publishes them to the tail, and posts their answers to the executor,
// those of a group in order of position.
//
// Two threads take turns in two roles. The one that sequences gathers appends and encodes them into
// its group; when no group is being written any more it becomes the writer. Where much has come
// meanwhile the other thread sequences the next group; where little has, the writer does so itself
// afterwards, because waking a thread costs more. So a group gathers as long as the one before is
// in fsync, and a lone append is handed from nobody to nobody: the thread that wrote it gives its
// answer too, once it has given up its role. Who waits for an answer is told before those who
// follow the log are woken.
//
// When a write fails its outcome is unknown: everything in flight is answered Unavailable, the
// engine is reopened, its tail verified, and appends resume from what is there. Until then Enqueue
// answers Unavailable.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "eventstore/base/duration_histogram.h"
#include "eventstore/base/metrics.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/sequencer.h"
#include "eventstore/log/tail.h"

namespace kith::eventstore {

struct CommitterHooks {
  // Takes an append back whose facts are older than the overlay. On a committer thread: must not
  // wait.
  std::function<void(std::unique_ptr<PreparedAppend>)> prepare_again;
  // So many appends, of so many bytes, have been answered: their answers are given, or with the
  // executor.
  std::function<void(size_t appends, size_t bytes)> answered;
  // A group is on disk and published, and not answered yet. On a committer thread.
  std::function<void()> committed;
  // Reads where the log stands after a reopen, having verified its tail. Called until it succeeds.
  std::function<absl::StatusOr<LogState>()> recover;
};

class Committer {
 public:
  // Borrows all; they outlive it. Starts at `state`.
  Committer(Engine& engine, Tail& tail, Executor& executor, RecordClock& clock,
            size_t overlay_batches, const LogState& state, CommitterHooks hooks);
  // Commits what is queued, then stops.
  ~Committer();

  // Any thread; never waits for the disk.
  void Enqueue(std::unique_ptr<PreparedAppend> append);

  // False after a failed write until the log has been read back, and for ever once it is damaged.
  // Any thread.
  bool takes_appends() const KITH_EXCLUDES(mutex_);
  // Any thread.
  void AddMetrics(MetricPage& page) const KITH_EXCLUDES(mutex_);

 private:
  using Appends = std::vector<std::unique_ptr<PreparedAppend>>;

  void Run();
  bool Gather(CommitGroup& group) KITH_EXCLUDES(mutex_);
  void DecideSome(Appends& appends, CommitGroup& group);
  absl::Status Commit(CommitGroup& group);
  void Write(CommitGroup& group) KITH_EXCLUDES(mutex_);
  void Recover() KITH_EXCLUDES(mutex_);
  absl::StatusOr<LogState> ReadBack();
  void Resume(const LogState& state) KITH_EXCLUDES(mutex_);
  void NoteDamage(const absl::Status& cause) KITH_EXCLUDES(mutex_);
  // Their outcome is unknown.
  void Fail(Appends& appends);
  // Each holds its answer.
  void AnswerFailed(Appends& appends);
  void GiveAnswers(Appends answers);
  void WakeFor(size_t queued) KITH_REQUIRES(mutex_);

  Engine& engine_;
  Tail& tail_;
  Executor& executor_;
  RecordClock& clock_;
  const CommitterHooks hooks_;
  Sequencer sequencer_;  // used by whoever has the sequencing role

  DurationHistogram commits_;  // one observation a group
  std::atomic<uint64_t> events_ = 0;
  std::atomic<uint64_t> failed_ = 0;

  mutable Mutex mutex_;
  CondVar work_;   // for the sequencing thread: appends queued, the writer done, broken, stopping
  CondVar roles_;  // for a thread that wants to sequence
  Appends queue_ KITH_GUARDED_BY(mutex_);
  bool sequencing_ KITH_GUARDED_BY(mutex_) = false;
  bool writing_ KITH_GUARDED_BY(mutex_) = false;
  bool broken_ KITH_GUARDED_BY(mutex_) = false;  // a write failed and the log has not recovered yet
  bool stopping_ KITH_GUARDED_BY(mutex_) = false;
  absl::Status damage_ KITH_GUARDED_BY(mutex_);  // not OK: no append is taken any more
  std::vector<std::thread> threads_;
};

// Posts the answers to the executor, in order; each `done` is called once.
void PostAnswers(Executor& executor, std::vector<std::unique_ptr<PreparedAppend>> appends);

}  // namespace kith::eventstore
