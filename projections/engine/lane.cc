#include "projections/engine/lane.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"

namespace kith::projections {
namespace {

// Events folded in one piece of work, of views near the head and of those far behind.
constexpr size_t kPieceEvents = 512;
constexpr size_t kPieceEventsBehind = 64;

constexpr Position kEnd{std::numeric_limits<uint64_t>::max()};

// How many positions `at` lacks; 0 where it is beyond.
uint64_t Lacking(Position at, Position head) { return head > at ? head.value() - at.value() : 0; }

}  // namespace

Lane::Lane(const Surroundings& surroundings, size_t number, std::vector<LiveView*> views)
    : surroundings_(surroundings),
      number_(number),
      feed_(surroundings.options.queue_events, surroundings.feed_begin,
            [this] { surroundings_.pool.Wake(*this); }),
      crew_(surroundings.pool) {
  flushed_us_ = absl::ToInt64Microseconds(Elapsed());
  SetViews(std::move(views));
}

Lane::Lane(const Surroundings& surroundings, size_t number, std::vector<LiveView*> views,
           LiveView& base, Lane& parent)
    : surroundings_(surroundings),
      number_(number),
      base_(&base),
      parent_(&parent),
      feed_(surroundings.options.queue_events, surroundings.feed_begin,
            [this] { surroundings_.pool.Wake(*this); }),
      crew_(surroundings.pool) {
  flushed_us_ = absl::ToInt64Microseconds(Elapsed());
  SetViews(std::move(views));
}

Lane::~Lane() = default;

void Lane::SetViews(std::vector<LiveView*> views) {
  views_ = std::move(views);
  auto members = std::make_shared<Members>();
  members->views = views_;
  if (is_beside()) members->set.Add(base_->number());
  for (LiveView* const view : views_) {
    view->BelongTo(feed_);
    members->set.Add(view->number());
  }
  MutexLock lock(mutex_);
  members_ = std::move(members);
}

std::shared_ptr<const Lane::Members> Lane::members() const {
  MutexLock lock(mutex_);
  return members_;
}

void Lane::Close() {
  feed_.Close();
  surroundings_.pool.Wake(*this);
  MutexLock lock(mutex_);
  closing_ = true;
  for (const auto& lane : beside_) lane->Close();
}

void Lane::Tick(absl::Duration now) {
  feed_.Wake();  // it looks whether what failed is due
  // Ticks come every quarter of the interval, so what is due before the next one is flushed now.
  const absl::Duration since = now - absl::Microseconds(flushed_us_.load());
  if (since >= surroundings_.options.flush_interval * 0.75) feed_.AskForFlush();
  MutexLock lock(mutex_);
  for (const auto& lane : beside_) lane->Tick(now);
}

void Lane::Skip(Position last) {
  const std::shared_ptr<const Members> members = this->members();
  absl::InlinedVector<const Generation*, 4> generations;
  for (const LiveView* const view : members->views) generations.push_back(&view->generation());
  if (!feed_.Skip(last)) return;
  bool far = false;
  for (size_t i = 0; i < generations.size(); ++i) {
    LiveView& view = *members->views[i];
    view.Publish(*generations[i], last);
    far = far || Lacking(view.flushed(), last) >= surroundings_.options.flush_positions;
  }
  // A view that nothing concerns is still never far behind after a crash.
  if (far) feed_.AskForFlush();
}

// ---- Folding

FoldTask::Next Lane::Step() {
  if (ended_ || is_near_) return Next::kRest;
  for (LiveView* const view : views_) view->SetPolled();
  resting_ = false;
  absl::Status done;
  if (feed_.closed()) {
    End();
    return Next::kRest;
  } else if (fold_ == nullptr) {
    done = Begin();
  } else if (finishing_) {
    done = FinishBuilds();
  } else if (!pending_.empty()) {
    done = FoldPending();
  } else {
    done = TakeIn();
    if (done.ok()) done = joined_ ? FoldFed() : FoldBehind();
  }
  if (!done.ok()) Stumble(done);
  return WhatNext();
}

FoldTask::Next Lane::WhatNext() const {
  if (resting_ || ended_) return Next::kRest;
  return joined_ ? Next::kSoon : Next::kLater;
}

absl::Status Lane::Begin() {
  flush_ = feed_.TakeRequests().flush || flush_;
  if (Elapsed() < retry_at_) {
    resting_ = feed_.Rest();
    return absl::OkStatus();
  }
  for (LiveView* const view : views_) view->EndRetry();
  surroundings_.resume();
  generations_.clear();
  std::vector<ViewProgress> progress;
  for (LiveView* const view : views_) {
    damaged_ = view;
    if (view->damaged()) {
      KITH_ASSIGN_OR_RETURN(ViewFamilies families, surroundings_.renew(view->projection()));
      view->Renew(std::move(families));
    }
    generations_.push_back(&view->generation());
    KITH_ASSIGN_OR_RETURN(progress.emplace_back(), ReadProgress(generations_.back()->families()));
  }
  damaged_ = nullptr;
  if (!is_beside()) LetBeside(progress);
  return NewFold(progress);
}

absl::Status Lane::NewFold(const std::vector<ViewProgress>& progress) {
  std::vector<std::unique_ptr<ViewFold>> folds;
  if (is_beside()) {
    damaged_ = base_;
    KITH_ASSIGN_OR_RETURN(folds.emplace_back(), NewBaseFold());
    damaged_ = nullptr;
  }
  for (size_t i = 0; i < views_.size(); ++i) {
    LiveView& view = *views_[i];
    view.stale().Assign(progress[i].stale);
    FoldedView folded = view.Folded();
    if (IsFar(progress[i].folded())) folded.memory = &surroundings_.build_memory;
    folded.is_base = i == 0 && !is_beside() && views_.size() > 1;
    folds.push_back(std::make_unique<ViewFold>(std::move(folded), progress[i]));
    folds.back()->OnStale([&view](const StaleEntity& entity) { view.TellOfStale(entity); });
  }
  fold_ = std::make_unique<GroupFold>(std::move(folds), is_beside());
  FallBehind();
  return absl::OkStatus();
}

// That of the base, which has everything already.
absl::StatusOr<std::unique_ptr<ViewFold>> Lane::NewBaseFold() {
  base_generation_ = &base_->generation();
  KITH_ASSIGN_OR_RETURN(ViewProgress progress, ReadProgress(base_generation_->families()));
  progress.checkpoints = {kEnd, kEnd};
  base_stale_.Assign(progress.stale);
  FoldedView read = base_->Folded();
  return std::make_unique<ViewFold>(
      FoldedView{read.projection, read.number, base_generation_->families(), base_stale_, "",
                 /*is_base=*/true},
      progress);
}

absl::Status Lane::FoldFed() {
  Feed::Work work = feed_.Take();
  resting_ = work.idle;
  if (work.idle || work.closed) return absl::OkStatus();
  KITH_RETURN_IF_ERROR(Damage());
  for (auto& chunk : work.chunks) pending_.push_back(std::move(chunk));
  through_ = work.through;
  flush_ = work.flush;
  cut_off_ = work.cut_off;
  return FoldPending();
}

absl::Status Lane::FoldBehind() {
  flush_ = feed_.TakeRequests().flush || flush_;
  KITH_RETURN_IF_ERROR(Damage());
  through_ = fold_->folded();
  if (through_ < Limit()) {
    const auto stretch = surroundings_.catch_up.After(number_, members()->set, through_,
                                                      [this] { surroundings_.pool.Wake(*this); });
    if (!stretch.ok()) return OfTheLog(stretch.status());
    if (stretch->is_coming) {
      resting_ = true;
      return absl::OkStatus();
    }
    if (stretch->chunk != nullptr) {
      through_ = std::min(stretch->chunk->last, Limit());
      pending_.push_back(stretch->chunk);
    }
  }
  return FoldPending();
}

absl::Status Lane::FoldPending() {
  size_t left = joined_ ? kPieceEvents : kPieceEventsBehind;
  while (!pending_.empty()) {
    const Chunk& chunk = *pending_.front();
    while (pending_event_ < chunk.events.size() &&
           chunk.events[pending_event_].record->header.position <= through_) {
      if (left == 0) return absl::OkStatus();
      KITH_ASSIGN_OR_RETURN(const size_t folded, FoldSome(chunk, left));
      pending_event_ += folded;
      left -= folded;
    }
    fold_->MoveTo(std::min(chunk.last, through_));
    pending_.pop_front();
    pending_event_ = 0;
  }
  fold_->MoveTo(through_);
  return EndStretch();
}

// Near the head one event after the other, for there are few; far behind what there is at once.
absl::StatusOr<size_t> Lane::FoldSome(const Chunk& chunk, size_t count) {
  const auto events =
      absl::MakeConstSpan(chunk.events).subspan(pending_event_, joined_ ? 1 : count);
  const auto end = std::find_if(events.begin(), events.end(), [this](const FedEvent& fed) {
    return fed.record->header.position > through_;
  });
  const auto wanted = static_cast<size_t>(end - events.begin());
  KITH_RETURN_IF_ERROR(OfFold(joined_ ? fold_->Fold(events.front())
                                      : fold_->FoldAll(events.subspan(0, wanted), crew_)));
  if (!fold_->is_full()) return wanted;
  KITH_RETURN_IF_ERROR(
      OfFold(joined_ ? fold_->Write(/*with_checkpoint=*/false) : fold_->WriteAll(crew_)));
  back_off_.Reset();
  Publish();
  return wanted;
}

absl::Status Lane::EndStretch() {
  if (!joined_ && IsFar(fold_->folded())) {
    bool wait = false;
    for (const LiveView* const view : views_) view->FlushesAsked(&wait);
    if (!wait) return Gather();
  }
  finishing_ = fold_->builds_index();
  if (finishing_) return absl::OkStatus();
  KITH_RETURN_IF_ERROR(PublishFolded(std::exchange(flush_, false)));
  if (!joined_) return JoinWhenNear();
  if (std::exchange(cut_off_, false)) FallBehind();
  return absl::OkStatus();
}

// One that must be begun again before its entries are written has nothing of them to go on from, so
// nothing is lost by writing only what memory asks for.
absl::Status Lane::Gather() {
  if (fold_->builds_index()) {
    flush_ = false;
  } else if (flush_ || IsFarFromDisk()) {
    return PublishFolded(std::exchange(flush_, false));
  }
  Publish();
  return absl::OkStatus();
}

absl::Status Lane::FinishBuilds() {
  auto done = fold_->FinishSome();
  KITH_RETURN_IF_ERROR(OfFold(done.status()));
  if (!*done) return absl::OkStatus();
  finishing_ = false;
  return EndStretch();
}

void Lane::End() {
  ended_ = true;
  surroundings_.catch_up.Leave(number_);
  if (fold_ == nullptr) return;
  if (joined_ && pending_.empty()) fold_->MoveTo(feed_.Take().through);
  pending_.clear();
  // Without its entries what is folded is folded again.
  if (fold_->builds_index()) return;
  if (fold_->IsUnwritten()) fold_->Write(/*with_checkpoint=*/true).IgnoreError();
}

absl::Status Lane::Damage() {
  for (LiveView* const view : views_) {
    const absl::Status damage = view->Damage();
    if (damage.ok()) continue;
    damaged_ = view;
    return damage;
  }
  return absl::OkStatus();
}

absl::Status Lane::OfTheLog(const absl::Status& status) {
  const auto code =
      absl::IsDataLoss(status) ? absl::StatusCode::kDataLoss : absl::StatusCode::kUnavailable;
  return absl::Status(code, absl::StrCat("the log cannot be read: ", status.message()));
}

// What the views lack they read by themselves from now on.
void Lane::FallBehind() {
  joined_ = false;
  join_at_.reset();
  const Position folded = fold_->folded();
  if (Lacking(folded, surroundings_.log.head()) <= surroundings_.options.near_positions) return;
  for (LiveView* const view : views_) view->BeginBuilding(folded);
}

absl::Status Lane::JoinWhenNear() {
  const Position folded = fold_->folded();
  if (is_beside()) {
    if (IsFar(folded)) return absl::OkStatus();
    KITH_RETURN_IF_ERROR(OfFold(fold_->Write(/*with_checkpoint=*/true)));
    surroundings_.catch_up.Leave(number_);
    fold_.reset();
    resting_ = true;
    is_near_ = true;  // from here on the views are the parent's
    parent_->feed_.Wake();
    return absl::OkStatus();
  }
  if (!join_at_.has_value()) {
    if (IsFar(folded)) return absl::OkStatus();
    join_at_ = feed_.Join();
  }
  if (folded < *join_at_) return absl::OkStatus();
  joined_ = true;
  surroundings_.catch_up.Leave(number_);
  for (LiveView* const view : views_) view->BecomeLive();
  return absl::OkStatus();
}

// ---- Views far behind their base

void Lane::LetBeside(std::vector<ViewProgress>& progress) {
  const Position base = progress.front().folded();
  std::vector<LiveView*> near, far;
  std::vector<ViewProgress> progress_near;
  std::vector<const Generation*> generations;
  for (size_t i = 0; i < views_.size(); ++i) {
    const bool is_far = Lacking(progress[i].folded(), base) > surroundings_.options.near_positions;
    if (is_far) {
      far.push_back(views_[i]);
      views_[i]->BeginBuilding(progress[i].folded());
      continue;
    }
    near.push_back(views_[i]);
    progress_near.push_back(std::move(progress[i]));
    generations.push_back(generations_[i]);
  }
  progress = std::move(progress_near);
  generations_ = std::move(generations);
  if (far.empty()) return;
  SetViews(std::move(near));
  auto lane = std::unique_ptr<Lane>(
      new Lane(surroundings_, surroundings_.next_number(), std::move(far), *views_.front(), *this));
  lane->flush_ = true;  // somebody may have asked this one
  MutexLock lock(mutex_);
  if (closing_) lane->feed_.Close();
  surroundings_.pool.Wake(*lane);
  beside_.push_back(std::move(lane));
}

absl::Status Lane::TakeIn() {
  if (is_beside() || fold_->builds_index()) return absl::OkStatus();
  std::vector<Lane*> near;
  {
    MutexLock lock(mutex_);
    for (const auto& lane : beside_) {
      if (lane->is_near_ && !lane->views_.empty()) near.push_back(lane.get());
    }
  }
  if (near.empty()) return absl::OkStatus();
  KITH_RETURN_IF_ERROR(OfFold(fold_->Write(/*with_checkpoint=*/true)));
  // Or those that are near what can be read of the base would again be far behind what it is at.
  Publish();
  // All of them from the lowest of their checkpoints.
  std::vector<LiveView*> views = views_;
  for (Lane* const lane : near) {
    views.insert(views.end(), lane->views_.begin(), lane->views_.end());
    lane->views_.clear();
  }
  SetViews(std::move(views));
  flush_ = true;  // somebody may have asked the lane they were in
  feed_.Leave();
  return Begin();
}

bool Lane::IsFar(Position folded) const {
  return Lacking(folded, Goal()) > surroundings_.options.near_positions;
}

Position Lane::Limit() const { return is_beside() ? base_generation_->position() : kEnd; }

const ViewFold& Lane::FoldOf(size_t view) const {
  return fold_->view(is_beside() ? view + 1 : view);
}

// ---- Errors

absl::Status Lane::OfFold(absl::Status status) {
  if (status.ok()) return status;
  const size_t failed = fold_->failed();
  damaged_ = !is_beside() ? views_[failed] : failed == 0 ? base_ : views_[failed - 1];
  return status;
}

void Lane::Stumble(const absl::Status& status) {
  fold_.reset();
  finishing_ = false;
  pending_.clear();
  pending_event_ = 0;
  feed_.Leave();
  joined_ = false;
  surroundings_.catch_up.Leave(number_);
  LiveView* const damaged = std::exchange(damaged_, nullptr);
  const bool is_damaged = damaged != nullptr && absl::IsDataLoss(status);
  if (is_damaged && damaged == base_) {
    base_->MeetDamage(*base_generation_);
  } else if (is_damaged) {
    damaged->SetDamaged();
  }
  retry_at_ = Elapsed() + back_off_.Next();
  for (LiveView* const view : views_) {
    // What befell another of the group is not told as this one's loss.
    view->Stumble(is_damaged && view != damaged ? absl::UnavailableError(status.message()) : status,
                  retry_at_);
  }
  surroundings_.wake_at(retry_at_);
}

// ---- Publishing

void Lane::Publish() {
  for (size_t i = 0; i < views_.size(); ++i) {
    views_[i]->SetReached(fold_->folded());
    views_[i]->Publish(*generations_[i], FoldOf(i).readable());
  }
}

absl::Status Lane::PublishFolded(bool flush) {
  if (fold_->has_changes()) {
    KITH_RETURN_IF_ERROR(OfFold(fold_->Write(/*with_checkpoint=*/false)));
    back_off_.Reset();
  }
  Publish();
  return flush || IsFarFromDisk() ? WriteToDisk() : absl::OkStatus();
}

bool Lane::IsFarFromDisk() const {
  return std::any_of(views_.begin(), views_.end(), [&](const LiveView* view) {
    return Lacking(view->flushed(), fold_->folded()) >= surroundings_.options.flush_positions;
  });
}

absl::Status Lane::WriteToDisk() {
  bool wait = false;  // somebody waits for the disk; the timer does not
  std::vector<uint64_t> asked;
  for (const LiveView* const view : views_) asked.push_back(view->FlushesAsked(&wait));
  // One that fails for want of room has RocksDB refuse every write; what is not on disk is folded
  // again.
  if (!wait && !surroundings_.log.takes_writes()) return absl::OkStatus();
  if (fold_->IsUnwritten()) KITH_RETURN_IF_ERROR(OfFold(fold_->Write(/*with_checkpoint=*/true)));
  bool moved = false;
  for (size_t i = 0; i < views_.size(); ++i) {
    moved = moved || FoldOf(i).checkpoint() != views_[i]->flushed();
  }
  if (wait || moved) KITH_RETURN_IF_ERROR(OfFold(fold_->FlushFamilies(wait)));
  for (size_t i = 0; i < views_.size(); ++i) {
    views_[i]->EndFlush(asked[i], FoldOf(i).checkpoint());
  }
  flushed_us_ = absl::ToInt64Microseconds(Elapsed());
  return absl::OkStatus();
}

}  // namespace kith::projections
