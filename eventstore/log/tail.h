// Tail: what the log holds in memory for its readers: the published head, the sequences of all
// workspaces, the heads of streams written lately, and the last records, shared with whoever
// follows. A record is in the tail before anybody is told that it was appended.
//
// Written by the committer's threads, one at a time; read by any thread. Publishing never waits for
// a reader.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/recent_heads.h"

namespace kith::eventstore {

using WorkspaceHeads = absl::flat_hash_map<WorkspaceId, Sequence>;

// One follower's callback, armed anew for each wake. Fired on the executor at most once per Arm;
// after Cancel has returned it neither runs nor will, unless Cancel was called by the callback
// itself.
class Waker {
 public:
  // Replaces what was armed before. Returns the ticket that fires this callback and no other.
  uint64_t Arm(absl::AnyInvocable<void()> wake);
  void Fire(uint64_t ticket);
  void Cancel();

 private:
  Mutex mutex_;
  CondVar idle_;
  absl::AnyInvocable<void()> wake_ KITH_GUARDED_BY(mutex_);
  uint64_t ticket_ KITH_GUARDED_BY(mutex_) = 0;
  std::thread::id running_ KITH_GUARDED_BY(mutex_);
};

class Tail {
 public:
  // Keeps up to `records_max` records, and fewer when they are large, and the heads of about
  // `streams_max` streams. Borrows the executor.
  Tail(Executor& executor, size_t records_max, size_t streams_max);

  Position head() const { return Position(head_.load(std::memory_order_acquire)); }
  Sequence WorkspaceHead(WorkspaceId workspace) const;
  // Both at one moment.
  std::pair<Position, Sequence> HeadsOf(WorkspaceId workspace) const;
  // The last published event of a stream, or one that is published this moment; nullopt where it is
  // not in memory.
  std::optional<StreamHead> FindHead(absl::string_view head_key) const {
    return recent_heads_.Find(head_key);
  }
  // For who finds none there: RecentHeads::Learn, of a head that is published.
  uint64_t HeadsEpoch(absl::string_view head_key) const { return recent_heads_.EpochOf(head_key); }
  void LearnHead(absl::string_view head_key, StreamHead head, uint64_t epoch) const {
    recent_heads_.Learn(head_key, head, epoch);
  }

  // Forgets all records and stands at `head`.
  void Reset(Position head, const WorkspaceHeads& workspaces);
  // Takes further records, the first at head() + 1. Those who wait for them sleep on until they are
  // woken.
  void Publish(absl::Span<const std::shared_ptr<const Record>> records);
  // Wakes those who wait for what was published. By any thread.
  void WakeFollowers();

  // The last position recorded at or before `time`; nullopt when memory does not reach back to it.
  std::optional<Position> LastRecordedAt(absl::Time time) const;
  // Null when the record is not in memory.
  std::shared_ptr<const Record> Find(Position position) const;
  // Appends up to `limit` records after `after` to `out`; false when the one after it exists but is
  // not in memory.
  bool CopyAfter(Position after, size_t limit,
                 std::vector<std::shared_ptr<const Record>>* out) const;

  // Waits until the head is beyond `after`, until `closed`, or for about `timeout`. True when it is
  // beyond.
  bool WaitBeyond(Position after, absl::Duration timeout, const std::atomic<bool>& closed) const;
  // The same for the sequence of a workspace.
  bool WaitBeyond(WorkspaceId workspace, Sequence after, absl::Duration timeout,
                  const std::atomic<bool>& closed) const;
  // Makes every WaitBeyond look at its `closed` again.
  void StirWaiters() const;
  // Fires `waker` on the executor once the head is beyond `after`; replaces what it was waiting
  // for.
  void WakeBeyond(Position after, const std::shared_ptr<Waker>& waker, uint64_t ticket);
  void Forget(const std::shared_ptr<Waker>& waker);
  // The same once the workspace has an event after `after`. Events of others cost nothing, however
  // many wait.
  void WakeBeyond(WorkspaceId workspace, Sequence after, const std::shared_ptr<Waker>& waker,
                  uint64_t ticket);
  void Forget(WorkspaceId workspace, const std::shared_ptr<Waker>& waker);

 private:
  using Records = std::vector<std::shared_ptr<const Record>>;
  struct Waiting {
    std::shared_ptr<Waker> waker;
    uint64_t ticket;
    Position after;
  };
  struct WaitingInWorkspace {
    std::shared_ptr<Waker> waker;
    uint64_t ticket;
    Sequence after;
  };
  using WaitingByWaker = absl::flat_hash_map<const Waker*, WaitingInWorkspace>;

  void Store(const std::shared_ptr<const Record>& record, Records* evicted) KITH_REQUIRES(mutex_);
  std::shared_ptr<const Record>& Slot(uint64_t position) KITH_REQUIRES(mutex_) {
    return ring_[position % ring_.size()];
  }
  const std::shared_ptr<const Record>& Slot(uint64_t position) const KITH_REQUIRES(mutex_) {
    return ring_[position % ring_.size()];
  }
  void Remove(const std::shared_ptr<Waker>& waker) KITH_REQUIRES(mutex_);
  // Takes those out who wait in workspaces that were published to, and appends them to `woken`.
  void TakeWoken(std::vector<Waiting>* woken) KITH_REQUIRES(mutex_);
  void Post(const Waiting& waiting);

  Executor& executor_;
  mutable RecentHeads recent_heads_;  // reading fills it, too
  std::atomic<uint64_t> head_{0};
  mutable Mutex mutex_;
  mutable CondVar advanced_;
  Records ring_ KITH_GUARDED_BY(mutex_);  // the record at position p is in slot p % size
  uint64_t first_ KITH_GUARDED_BY(mutex_) =
      1;  // the oldest position in memory; head + 1 when there is none
  size_t bytes_ KITH_GUARDED_BY(mutex_) = 0;
  WorkspaceHeads workspaces_ KITH_GUARDED_BY(mutex_);
  std::vector<Waiting> waiting_ KITH_GUARDED_BY(mutex_);
  absl::flat_hash_map<WorkspaceId, WaitingByWaker> waiting_in_ KITH_GUARDED_BY(mutex_);
  // Workspaces with waiting followers that were published to since these were woken; some twice.
  std::vector<WorkspaceId> touched_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::eventstore
