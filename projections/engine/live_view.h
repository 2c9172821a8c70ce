// LiveView: a View with its worker: folds the log, publishes how far it is, and keeps its
// checkpoint.
//
// Near the head it takes what the feeder brings. Where it is behind it reads by itself, beside the
// others, until it is near again. An error never ends it: after one of a disk it begins again from
// its checkpoint, later each time; where its own files are damaged it is built anew in a further
// generation, and what the one before had folded stays readable meanwhile.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/event_log.h"
#include "projections/engine/back_off.h"
#include "projections/engine/build_meter.h"
#include "projections/engine/catch_up.h"
#include "projections/engine/feed.h"
#include "projections/engine/generation.h"
#include "projections/engine/late_watch.h"
#include "projections/engine/projection.h"
#include "projections/engine/stale_entities.h"
#include "projections/engine/view.h"
#include "projections/engine/view_fold.h"
#include "projections/engine/view_store.h"
#include "projections/engine/wait_list.h"

namespace kith::projections {

class LiveView final : public View {
 public:
  // What a view needs of the process; all of it outlives the view.
  struct Surroundings {
    const ViewStoreOptions& options;
    const eventstore::EventLog& log;
    Executor& executor;
    CatchUp& catch_up;
    Position feed_begin;                          // where the feeder begins
    std::function<void(absl::Duration)> wake_at;  // asks for a Tick at that time
    // Empty families in the place of a view's own, which stay readable to who has them.
    std::function<absl::StatusOr<ViewFamilies>(const Projection&)> renew;
    std::function<void()> resume;  // before something that failed is tried again
  };

  // `number` is the view's bit in FedEvent::takers.
  LiveView(Surroundings surroundings, size_t number, std::unique_ptr<Projection> projection,
           ViewFamilies families, ViewProgress progress);
  ~LiveView() override;  // Stop was called

  // --- For the store
  void Start();
  // Ends the worker and every wait; reads go on.
  void Stop();
  // The feeder says that nothing up to `last` is for this view.
  void Skip(Position last);
  void Tick(absl::Duration now);
  // When the next Tick has something to do.
  absl::Duration NextDeadline() const;
  const Projection& projection() const { return *projection_; }
  Feed& feed() { return feed_; }

  // --- View
  absl::string_view name() const override { return projection_->name(); }
  int version() const override { return projection_->version(); }
  Position position() const override { return Position(position_.load(std::memory_order_acquire)); }
  bool IsAt(Position position) const override;
  void WhenAt(Position position, absl::Duration deadline, WaitList::Done done) override;
  ViewSnapshot At(Position position) const override;
  absl::StatusOr<std::string> Digest(Position position) const override;
  absl::StatusOr<std::string> IndexDigest() const override;
  ViewHealth Health() const override;
  absl::Status Flush() override;

 private:
  // On the worker's thread. Each does a piece of the work.
  void Work();
  absl::Status Begin();
  absl::Status FoldFed();
  absl::Status FoldBehind();
  absl::Status FoldChunk(const Chunk& chunk);
  // DataLoss where a reader of the current generation, or RocksDB in the background, has met
  // damage.
  absl::Status Damage() const;
  // An error of reading the log: nothing to build the view anew for.
  absl::Status OfTheLog(const absl::Status& status);
  // Makes what was folded visible, and durable where that is due.
  absl::Status PublishFolded(bool flush);
  absl::Status End();
  void JoinWhenNear();
  void FallBehind();
  void BecomeLive();
  void Stumble(const absl::Status& status);
  void AwaitRetry();
  absl::Status Renew();
  void NewFold(ViewProgress progress);
  absl::Status WriteToDisk();

  void Publish(Generation& generation, Position position);
  std::shared_ptr<Generation> NewGeneration(ViewFamilies families, Position position);
  ViewSnapshot AtEarlier(Position position) const;
  // What a reader of a damaged generation is told.
  absl::Status TellOfDamage(const Generation& generation);

  // As Clock::Elapsed counts, which all times of a view do; in microseconds where they are atomic.
  absl::Duration Elapsed() const { return surroundings_.options.clock->Elapsed(); }
  int64_t ElapsedUs() const { return absl::ToInt64Microseconds(Elapsed()); }

  void Answer(std::vector<WaitList::Wait> waits, const std::function<absl::Status()>& answer);
  // Why a wait is not worth waiting for; OK when it is.
  absl::Status Refusal(absl::Duration patience) const KITH_REQUIRES(mutex_);
  ViewState State() const KITH_REQUIRES(mutex_);
  // Looks whether the view is late, and tells when that is another answer than before.
  void WatchForLateness(absl::Duration now) KITH_EXCLUDES(mutex_);
  // What a wait is told that nothing came of.
  absl::Status Behind() const KITH_REQUIRES(mutex_);
  BuildProgress Progress() const KITH_REQUIRES(mutex_);
  void Notify(ViewState state, bool is_error, std::string text) const;

  const Surroundings surroundings_;
  const size_t number_;
  const std::unique_ptr<Projection> projection_;
  Feed feed_;
  StaleEntities stale_;
  std::thread worker_;

  // The worker's own.
  std::unique_ptr<ViewFold> fold_;   // null after an error, until it is begun again
  bool joined_ = false;              // it takes from the feed
  std::optional<Position> join_at_;  // from here on it may
  bool damaged_ = false;             // it must be built anew
  bool log_failed_ = false;          // the error is one of the log
  bool ended_ = false;
  BackOff back_off_;

  // The generation being folded. Those before it are kept as long as the view, for who reads them.
  std::atomic<Generation*> current_;
  std::atomic<uint64_t> position_;  // of any generation: it never falls
  std::atomic<uint64_t> flushed_;   // the checkpoint when the last flush began
  std::atomic<int64_t> moved_us_;
  std::atomic<int64_t> polled_us_;
  std::atomic<int64_t> flushed_us_;
  std::atomic<bool> building_;           // state_ is kBuilding
  std::atomic<bool> damage_met_{false};  // by a reader of the current generation

  mutable Mutex mutex_;
  CondVar flush_done_;
  std::vector<std::shared_ptr<Generation>> generations_ KITH_GUARDED_BY(mutex_);
  WaitList waits_ KITH_GUARDED_BY(mutex_);
  ViewState state_ KITH_GUARDED_BY(mutex_) = ViewState::kLive;  // never kLate: State()
  absl::Status status_ KITH_GUARDED_BY(mutex_);
  LateWatch late_watch_ KITH_GUARDED_BY(mutex_);  // while it is live
  bool is_late_ KITH_GUARDED_BY(mutex_) = false;  // as told
  BuildMeter meter_ KITH_GUARDED_BY(mutex_);
  absl::Duration retry_at_ KITH_GUARDED_BY(mutex_) = absl::InfiniteDuration();
  bool stopped_ KITH_GUARDED_BY(mutex_) = false;
  uint64_t flushes_asked_ KITH_GUARDED_BY(mutex_) = 0;
  uint64_t flushes_done_ KITH_GUARDED_BY(mutex_) = 0;
};

}  // namespace kith::projections
