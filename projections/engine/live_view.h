// LiveView: a View as its readers and its lane see it: publishes how far it is, answers who waits
// for that, and tells how it is doing.
//
// It is folded by a lane (lane.h), alone or with the views of its group. An error never ends it:
// after one of a disk the lane begins again from the checkpoints, later each time; where the view's
// own files are damaged it is built anew in a further generation, and what the one before had
// folded stays readable meanwhile.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/event_log.h"
#include "projections/engine/build_meter.h"
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
    std::function<void(absl::Duration)> wake_at;  // asks for a Tick at that time
  };

  // `number` is the view's in FedEvent::takers. `base`: the family of the view it is based on.
  LiveView(Surroundings surroundings, size_t number, std::unique_ptr<Projection> projection,
           std::string base, ViewFamilies families, const ViewProgress& progress);

  // --- For the store
  // Ends every wait; reads go on. Its lane has ended.
  void Stop();
  void Tick(absl::Duration now);
  // When the next Tick has something to do.
  absl::Duration NextDeadline() const;

  // --- For its lane, by one thread at a time. A view belongs to one lane at a time.
  const Projection& projection() const { return *projection_; }
  size_t number() const { return number_; }
  StaleEntities& stale() { return stale_; }
  // Its files as they are, and the fold of them.
  FoldedView Folded();
  // The one being folded; lives as long as the view.
  const Generation& generation() const { return *current_.load(std::memory_order_acquire); }
  // From now on this one folds it.
  void BelongTo(Feed& feed);
  void SetPolled() { polled_us_ = ElapsedUs(); }
  // Makes visible that everything up to `position` is folded. Also called by the feeder, while the
  // lane rests and has nothing to publish. That may be over before this is called, and the view
  // built anew: then it was of another generation.
  void Publish(const Generation& generation, Position position);
  // Its lane has folded everything up to here; a view that is ahead of the others of its group
  // waits for them.
  void SetReached(Position position) { reached_ = position.value(); }
  // DataLoss where a reader of the current generation, or RocksDB in the background, has met
  // damage.
  absl::Status Damage() const;
  // Somebody met damage in `generation`, which is this view's.
  void MeetDamage(const Generation& generation) { TellOfDamage(generation).IgnoreError(); }
  // It must be built anew, and is: empty families in the place of its own.
  void SetDamaged() { damaged_ = true; }
  bool damaged() const { return damaged_; }
  void Renew(ViewFamilies families);
  // It is far behind, at `folded`. Nothing where that is known.
  void BeginBuilding(Position folded);
  void BecomeLive();
  // An error keeps it where it is until `retry_at`.
  void Stumble(const absl::Status& status, absl::Duration retry_at);
  void EndRetry();
  void TellOfStale(const StaleEntity& entity) const;
  // How many flushes were asked for, and whether somebody waits for one of them.
  uint64_t FlushesAsked(bool* waiting) const;
  // Those are done, and a crash now would lose nothing up to `checkpoint`.
  void EndFlush(uint64_t asked, Position checkpoint);
  Position flushed() const { return Position(flushed_.load()); }

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
  const std::string base_;
  StaleEntities stale_;
  bool damaged_ = false;  // the lane's own

  // The generation being folded. Those before it are kept as long as the view, for who reads them.
  std::atomic<Generation*> current_;
  std::atomic<uint64_t> position_;  // of any generation: it never falls
  std::atomic<uint64_t> reached_;
  std::atomic<uint64_t> flushed_;  // the checkpoint when the last flush began
  std::atomic<int64_t> moved_us_;
  std::atomic<int64_t> polled_us_;
  std::atomic<bool> building_{false};    // state_ is kBuilding
  std::atomic<bool> damage_met_{false};  // by a reader of the current generation

  mutable Mutex mutex_;
  CondVar flush_done_;
  Feed* feed_ KITH_GUARDED_BY(mutex_) = nullptr;  // of its lane
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
