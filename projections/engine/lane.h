// Lane: views that are folded together, along the log: one, or a base and those that are based on
// it.
//
// Near the head it takes what the feeder brings. Where it is behind it reads by itself, beside the
// others, until it is near again. It is a task: nothing in it waits but for the disk.
//
// A view that is far behind its base, being new or changed or damaged, does not hold it up: it gets
// a lane of its own, which folds what the base does without writing it, out of the base's versions,
// and is taken in again when it is near the base.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "eventstore/base/mutex.h"
#include "eventstore/log/event_log.h"
#include "projections/engine/back_off.h"
#include "projections/engine/build_memory.h"
#include "projections/engine/catch_up.h"
#include "projections/engine/feed.h"
#include "projections/engine/fold_crew.h"
#include "projections/engine/fold_pool.h"
#include "projections/engine/group_fold.h"
#include "projections/engine/live_view.h"
#include "projections/engine/view_store.h"

namespace kith::projections {

class Lane final : public FoldTask {
 public:
  // What a lane needs of the process; all of it outlives the lane.
  struct Surroundings {
    const ViewStoreOptions& options;
    const eventstore::EventLog& log;
    CatchUp& catch_up;
    FoldPool& pool;
    BuildMemory& build_memory;
    Position feed_begin;                          // where the feeder begins
    std::function<void(absl::Duration)> wake_at;  // asks for a Tick at that time
    // Empty families in the place of a view's own, which stay readable to who has them.
    std::function<absl::StatusOr<ViewFamilies>(const Projection&)> renew;
    std::function<void()> resume;  // before something that failed is tried again
    std::function<size_t()> next_number;
  };
  // The views of a lane, and the set of their numbers.
  struct Members {
    std::vector<LiveView*> views;  // the base first, where there is one
    ViewSet set;                   // and the base that is only read
  };

  // `number` tells lanes apart. Borrows the views, which are one, or a base and its own.
  Lane(const Surroundings& surroundings, size_t number, std::vector<LiveView*> views);
  ~Lane() override;

  // --- For the store
  void Start() { surroundings_.pool.Wake(*this); }
  // It ends its fold and rests. What was asked of its views is left.
  void Close();
  void Tick(absl::Duration now);

  // --- For the feeder
  Feed& feed() { return feed_; }
  std::shared_ptr<const Members> members() const;
  // Nothing up to `last` is for a view of it.
  void Skip(Position last);

  Next Step() override;

 private:
  // Of a lane of those that are far behind their base.
  Lane(const Surroundings& surroundings, size_t number, std::vector<LiveView*> views,
       LiveView& base, Lane& parent);

  // Each does a piece of the work.
  absl::Status Begin();
  absl::Status NewFold(const std::vector<ViewProgress>& progress);
  absl::StatusOr<std::unique_ptr<ViewFold>> NewBaseFold();
  absl::Status FoldFed();
  absl::Status FoldBehind();
  absl::Status FoldPending();
  // Some events of the chunk, from pending_event_ on, at most `count`; how many.
  absl::StatusOr<size_t> FoldSome(const Chunk& chunk, size_t count);
  absl::Status FinishBuilds();
  void End();
  Next WhatNext() const;

  // Where it wants to get to, and whether that is far.
  Position Goal() const { return is_beside() ? Limit() : feed_.offered(); }
  bool IsFar(Position folded) const;
  // While it is far behind, little is written by itself.
  absl::Status Gather();
  // Makes what was folded visible, and durable where that is due.
  absl::Status EndStretch();
  absl::Status PublishFolded(bool flush);
  void Publish();
  absl::Status WriteToDisk();
  // A crash now would lose much of what is folded.
  bool IsFarFromDisk() const;
  absl::Status Damage();
  // An error of reading the log: nothing to build a view anew for.
  absl::Status OfTheLog(const absl::Status& status);
  absl::Status JoinWhenNear();
  void FallBehind();
  void Stumble(const absl::Status& status);
  // An error of the fold: notes of whose files it may be.
  absl::Status OfFold(absl::Status status);

  // --- The views that are far behind their base
  bool is_beside() const { return parent_ != nullptr; }
  // Gives those of `progress` a lane of their own.
  void LetBeside(std::vector<ViewProgress>& progress);
  // Takes in those whose lane is near.
  absl::Status TakeIn();
  void SetViews(std::vector<LiveView*> views);
  // How far its fold may go: to where the base is that it reads.
  Position Limit() const;
  const ViewFold& FoldOf(size_t view) const;

  absl::Duration Elapsed() const { return surroundings_.options.clock->Elapsed(); }

  const Surroundings surroundings_;
  const size_t number_;
  LiveView* const base_ = nullptr;  // which it reads and does not write; null in most lanes
  Lane* const parent_ = nullptr;
  Feed feed_;

  // The task's own.
  FoldCrew crew_;  // helps where it is far behind
  std::vector<LiveView*> views_;
  std::vector<const Generation*> generations_;  // being folded, of each view
  const Generation* base_generation_ = nullptr;
  StaleEntities base_stale_;
  std::unique_ptr<GroupFold> fold_;  // null after an error, until it is begun again
  std::deque<std::shared_ptr<const Chunk>> pending_;  // taken, and not folded yet
  size_t pending_event_ = 0;                          // the next of the first of them
  Position through_;                                  // nothing else is for a view up to here
  bool flush_ = false;                                // then
  bool cut_off_ = false;                              // and then
  bool finishing_ = false;                            // entries that were gathered are written
  bool joined_ = false;                               // it takes from the feed
  std::optional<Position> join_at_;                   // from here on it may
  bool resting_ = false;
  bool ended_ = false;
  LiveView* damaged_ = nullptr;  // an error may be one of its files
  absl::Duration retry_at_ = -absl::InfiniteDuration();
  BackOff back_off_;

  std::atomic<bool> is_near_{false};  // a lane beside: its views can be taken in
  std::atomic<int64_t> flushed_us_;

  mutable Mutex mutex_;
  std::shared_ptr<const Members> members_ KITH_GUARDED_BY(mutex_);
  // Those that were taken in are kept, because threads may still be about to leave them.
  std::vector<std::unique_ptr<Lane>> beside_ KITH_GUARDED_BY(mutex_);
  bool closing_ KITH_GUARDED_BY(mutex_) = false;
};

}  // namespace kith::projections
