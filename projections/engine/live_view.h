// LiveView: a View with its worker: folds what the feeder brings, publishes how far it is, and
// keeps its checkpoint.
//
// In the view's family, beside the rows and in the same batches, stand the checkpoint and the stale
// entities, under keys that begin with a zero byte. A view with indexes has a second family with a
// checkpoint of its own; where they differ, after a crash, the view begins at the lower one.
// FORMAT.md, section data/views.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/event_log.h"
#include "projections/engine/build_meter.h"
#include "projections/engine/feed.h"
#include "projections/engine/projection.h"
#include "projections/engine/view.h"
#include "projections/engine/view_store.h"
#include "projections/engine/wait_list.h"

namespace kith::projections {

// What stands in a view's families beside its rows and entries.
struct ViewProgress {
  ViewCheckpoints checkpoints;
  std::vector<StaleEntity> stale;

  // Everything up to here is in all of its families.
  Position folded() const { return std::min(checkpoints.rows, checkpoints.index); }
};
absl::StatusOr<ViewProgress> ReadProgress(const ViewFamilies& families);

class LiveView final : public View {
 public:
  // What a view needs of the process; all of it outlives the view.
  struct Surroundings {
    const ViewStoreOptions& options;
    const eventstore::EventLog& log;
    eventstore::Executor& executor;
    std::function<void(absl::Time)> wake_at;  // asks for a Tick at that time
  };

  // `number` is the view's bit in FedEvent::takers.
  LiveView(Surroundings surroundings, size_t number, std::unique_ptr<Projection> projection,
           ViewFamilies families, ViewProgress progress);
  ~LiveView() override;  // Stop was called

  // --- For the store
  void Start();
  // Ends the worker and every wait; reads go on.
  void Stop();
  // The feeder cannot go on: waits for more than is here fail from now on.
  void Fail(absl::Status status);
  // The feeder hands over a stretch of the log, or says that nothing up to `last` is for this view.
  void Take(std::shared_ptr<const Chunk> chunk) { feed_.Push(std::move(chunk)); }
  void Skip(Position last);
  void Tick(absl::Time now);
  absl::Time NextDeadline() const;
  const Projection& projection() const { return *projection_; }
  Feed& feed() { return feed_; }

  // --- View
  absl::string_view name() const override { return projection_->name(); }
  int version() const override { return projection_->version(); }
  Position position() const override { return Position(position_.load(std::memory_order_acquire)); }
  void WhenAt(Position position, absl::Time deadline, WaitList::Done done) override;
  ViewSnapshot At(Position position) const override;
  absl::StatusOr<std::string> Digest(Position position) const override;
  absl::StatusOr<std::string> IndexDigest() const override;
  ViewHealth Health() const override;
  absl::Status Flush() override;

 private:
  using EntityKey = std::pair<WorkspaceId, std::string>;  // a stream

  // On the worker's thread.
  void Work();
  absl::Status FoldAll(const Feed::Work& work);
  absl::Status Fold(const FedEvent& fed);
  absl::Status Apply(const FedEvent& fed);
  bool IsStale(const eventstore::EventHeader& header) const;
  void MarkStale(const eventstore::EventHeader& header, const absl::Status& error);
  // A checkpoint is behind what is folded.
  bool IsUnwritten() const;
  absl::Status Write(bool with_checkpoint);
  absl::Status FlushFamilies(bool wait);
  absl::Status WriteToDisk();
  void Publish(Position position);

  void Answer(std::vector<WaitList::Wait> waits,
              const std::function<absl::Status(Position)>& answer);
  absl::Status Behind(Position wanted) const;
  ViewState StateAt(uint64_t lag) const KITH_REQUIRES(mutex_);
  void Notify(ViewState state, bool is_error, std::string text) const;

  const Surroundings surroundings_;
  const uint64_t bit_;
  const std::unique_ptr<Projection> projection_;
  const ViewFamilies families_;
  Feed feed_;
  std::thread worker_;

  // The worker's own.
  ViewBatch batch_;
  Position folded_;      // everything up to here is in the batch or written
  Position checkpoint_;  // as written last
  size_t stale_count_ = 0;

  std::atomic<uint64_t> position_;
  std::atomic<uint64_t> flushed_;  // the checkpoint when the last flush began
  std::atomic<int64_t> moved_us_;
  std::atomic<int64_t> polled_us_;
  std::atomic<int64_t> flushed_us_;

  mutable Mutex mutex_;
  CondVar flush_done_;
  WaitList waits_ KITH_GUARDED_BY(mutex_);
  absl::btree_map<EntityKey, StaleEntity> stale_
      KITH_GUARDED_BY(mutex_);  // written by the worker only
  absl::Status status_ KITH_GUARDED_BY(mutex_);
  BuildMeter meter_ KITH_GUARDED_BY(mutex_);
  bool stopped_ KITH_GUARDED_BY(mutex_) = false;
  uint64_t flushes_asked_ KITH_GUARDED_BY(mutex_) = 0;
  uint64_t flushes_done_ KITH_GUARDED_BY(mutex_) = 0;
};

}  // namespace kith::projections
