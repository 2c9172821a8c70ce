#include "projections/engine/live_view.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/check.h"
#include "eventstore/base/sha256.h"
#include "eventstore/base/status_macros.h"
#include "projections/engine/view_errors.h"

namespace kith::projections {
namespace {

constexpr absl::string_view kRowsFrom("\1", 1);
constexpr size_t kStaleShownMax = 100;

// The digest of keys and values, each told from the next by its size.
class EntriesHash {
 public:
  // True, so that a scan goes on.
  bool Add(absl::string_view key, absl::string_view value) {
    sizes_.clear();
    AppendVarint(key.size(), &sizes_);
    AppendVarint(value.size(), &sizes_);
    hash_.Add(sizes_).Add(key).Add(value);
    return true;
  }
  std::string Finish() {
    const Sha256Hash digest = hash_.Finish();
    return absl::BytesToHexString(
        absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
  }

 private:
  Sha256 hash_;
  std::string sizes_;
};

// How many positions `at` lacks; 0 where it is beyond.
uint64_t Lacking(Position at, Position head) { return head > at ? head.value() - at.value() : 0; }

}  // namespace

LiveView::LiveView(Surroundings surroundings, size_t number, std::unique_ptr<Projection> projection,
                   std::string base, ViewFamilies families, const ViewProgress& progress)
    : surroundings_(std::move(surroundings)),
      number_(number),
      projection_(std::move(projection)),
      base_(std::move(base)),
      position_(progress.folded().value()),
      reached_(progress.folded().value()),
      flushed_(progress.folded().value()),
      late_watch_(surroundings_.options.late_after),
      meter_(progress.folded(), Elapsed()) {
  moved_us_ = polled_us_ = ElapsedUs();
  auto generation = NewGeneration(std::move(families), progress.folded());
  current_ = generation.get();
  stale_.Assign(progress.stale);
  {
    MutexLock lock(mutex_);
    generations_.push_back(std::move(generation));
  }
  const uint64_t lacking = Lacking(progress.folded(), surroundings_.log.head());
  if (lacking > surroundings_.options.near_positions) BeginBuilding(progress.folded());
}

void LiveView::Stop() {
  std::vector<WaitList::Wait> waits;
  std::vector<std::shared_ptr<Generation>> generations;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    waits = waits_.TakeAll();
    generations = generations_;
    flush_done_.NotifyAll();
  }
  for (const auto& generation : generations) generation->Disown();
  Answer(std::move(waits), ShuttingDown);
}

// ---- Reading

bool LiveView::IsAt(Position position) const {
  // Anything will do for position 0, but not what a view has that is only being built.
  if (position == Position() && building_.load()) return false;
  return this->position() >= position;
}

void LiveView::WhenAt(Position position, absl::Duration deadline, WaitList::Done done) {
  if (IsAt(position)) return done(absl::OkStatus());
  absl::Status refused;  // OK when it got there meanwhile
  {
    MutexLock lock(mutex_);
    if (stopped_) {
      refused = ShuttingDown();
    } else if (position == Position() && state_ == ViewState::kBuilding) {
      refused = Behind();
    } else if (this->position() < position) {
      refused = Refusal(deadline - Elapsed());
      if (refused.ok()) {
        waits_.Add({position, deadline, std::move(done)});
        done = nullptr;
      }
    }
  }
  if (done != nullptr) return done(std::move(refused));
  surroundings_.wake_at(deadline);
}

absl::Status LiveView::Refusal(absl::Duration patience) const {
  switch (state_) {
    case ViewState::kLive:
    case ViewState::kLate:
      return absl::OkStatus();
    case ViewState::kBuilding: {
      const std::optional<absl::Duration> left = Progress().left;
      return left.has_value() && *left > patience ? Behind() : absl::OkStatus();
    }
    case ViewState::kStopped:
      return retry_at_ - Elapsed() > patience || absl::IsDataLoss(status_) ? Behind()
                                                                           : absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::Status LiveView::Behind() const {
  switch (state_) {
    case ViewState::kLive:
    case ViewState::kLate:
      return ViewBehind(name());
    case ViewState::kBuilding:
      return ViewBuilding(name(), Progress());
    case ViewState::kStopped:
      // Of the log; what it has lost does not come back by itself.
      if (absl::IsDataLoss(status_)) return status_;
      return ViewStopped(name(), retry_at_ - Elapsed());
  }
  return absl::OkStatus();
}

BuildProgress LiveView::Progress() const {
  return meter_.At(Position(reached_.load()), surroundings_.log.head(), Elapsed());
}

ViewSnapshot LiveView::At(Position position) const {
  const Generation* const generation = current_.load(std::memory_order_acquire);
  if (generation->position() < position) return AtEarlier(position);
  return ViewSnapshot(generation->shared_from_this(), position);
}

// The view is being built anew, and had folded more before.
ViewSnapshot LiveView::AtEarlier(Position position) const {
  MutexLock lock(mutex_);
  const auto found =
      std::find_if(generations_.rbegin(), generations_.rend(),
                   [&](const auto& generation) { return generation->position() >= position; });
  KITH_CHECK(found != generations_.rend());
  return ViewSnapshot(*found, position);
}

absl::Status LiveView::TellOfDamage(const Generation& generation) {
  MutexLock lock(mutex_);
  const bool is_current = &generation == current_.load();
  if (is_current && !damage_met_.exchange(true) && feed_ != nullptr) feed_->Wake();
  return ViewBuilding(name(), is_current ? BuildProgress() : Progress());
}

absl::StatusOr<std::string> LiveView::Digest(Position position) const {
  const ViewSnapshot snapshot = At(position);
  EntriesHash hash;
  KITH_RETURN_IF_ERROR(snapshot.Scan(
      {std::string(kRowsFrom), ""},
      [&](absl::string_view key, absl::string_view value) { return hash.Add(key, value); }));
  if (current_.load()->families().index != nullptr) {
    KITH_RETURN_IF_ERROR(
        snapshot.ScanEntries({}, [&](absl::string_view entry) { return hash.Add(entry, ""); }));
  }
  return hash.Finish();
}

absl::StatusOr<std::string> LiveView::IndexDigest() const {
  EntriesHash hash;
  const auto& index = current_.load()->families().index;
  if (index != nullptr) {
    KITH_RETURN_IF_ERROR(index->ScanSpans([&](const IndexSpan& span) {
      const std::string moments =
          absl::StrCat(span.from.value(), " ", span.to.value_or(Position()).value());
      return hash.Add(LiveKey(span.kind, span.entry), moments);
    }));
  }
  return hash.Finish();
}

ViewHealth LiveView::Health() const {
  ViewHealth health;
  health.view = std::string(name());
  health.version = version();
  health.position = current_.load()->position();
  health.flushed = Position(flushed_.load());
  health.lag = Lacking(health.position, surroundings_.log.head());
  const absl::Duration now = Elapsed();
  health.since_moved = now - absl::Microseconds(moved_us_.load());
  health.stale_count = stale_.Show(kStaleShownMax, &health.stale);
  MutexLock lock(mutex_);
  health.since_polled = feed_ == nullptr || feed_->idle()
                            ? absl::ZeroDuration()
                            : now - absl::Microseconds(polled_us_.load());
  health.state = State();
  health.status = status_;
  health.progress = Progress();
  return health;
}

absl::Status LiveView::Flush() {
  MutexLock lock(mutex_);
  const uint64_t asked = ++flushes_asked_;
  if (feed_ != nullptr) feed_->AskForFlush();
  // Not for its status: what it failed of is told until it is live again, and by then it writes.
  while (flushes_done_ < asked && retry_at_ == absl::InfiniteDuration() && !stopped_) {
    flush_done_.Wait(mutex_);
  }
  if (flushes_done_ >= asked) return absl::OkStatus();
  return stopped_ ? ShuttingDown() : status_;
}

// ---- Time

void LiveView::Tick(absl::Duration now) {
  std::vector<WaitList::Wait> expired;
  absl::Status behind;
  {
    MutexLock lock(mutex_);
    expired = waits_.TakeExpired(now);
    if (!expired.empty()) behind = Behind();
  }
  Answer(std::move(expired), [&] { return behind; });
  WatchForLateness(now);
}

absl::Duration LiveView::NextDeadline() const {
  MutexLock lock(mutex_);
  const absl::Duration late = is_late_ ? absl::InfiniteDuration() : late_watch_.Due(position());
  return std::min({waits_.NextDeadline(), retry_at_, late});
}

ViewState LiveView::State() const {
  const bool late = state_ == ViewState::kLive && late_watch_.IsLate(position(), Elapsed());
  return late ? ViewState::kLate : state_;
}

void LiveView::WatchForLateness(absl::Duration now) {
  const Position head = surroundings_.log.head();
  const Position position = this->position();
  bool was_late = false;
  bool is_late = false;
  bool is_live = false;
  {
    MutexLock lock(mutex_);
    is_live = state_ == ViewState::kLive;
    if (is_live) {
      late_watch_.Look(position, head, now);
    } else {
      late_watch_.Forget();
    }
    is_late = late_watch_.IsLate(position, now);
    was_late = std::exchange(is_late_, is_late);
  }
  if (is_late == was_late) return;
  if (is_late) {
    Notify(ViewState::kLate, /*is_error=*/true,
           absl::StrCat("The view ", name(), " is late: it stands at position ", position.value(),
                        ", and the log has had more for ",
                        absl::FormatDuration(surroundings_.options.late_after),
                        ". If it stays there, restart kithd; nothing is lost."));
  } else if (is_live) {
    Notify(ViewState::kLive, /*is_error=*/false,
           absl::StrCat("The view ", name(), " is late no more."));
  }
}

// ---- For its lane

FoldedView LiveView::Folded() {
  return {*projection_, number_, current_.load()->families(), stale_, base_};
}

void LiveView::BelongTo(Feed& feed) {
  MutexLock lock(mutex_);
  feed_ = &feed;
}

absl::Status LiveView::Damage() const {
  if (damage_met_) return absl::DataLossError("a reader met damage");
  const ViewFamilies& families = current_.load()->families();
  KITH_RETURN_IF_ERROR(families.rows->Damage());
  return families.index == nullptr ? absl::OkStatus() : families.index->Damage();
}

void LiveView::BeginBuilding(Position folded) {
  {
    MutexLock lock(mutex_);
    status_ = absl::OkStatus();
    if (state_ == ViewState::kBuilding) return;
    state_ = ViewState::kBuilding;
    building_ = true;
    meter_ = BuildMeter(folded, Elapsed());
  }
  Notify(ViewState::kBuilding, /*is_error=*/false,
         absl::StrCat("The view ", name(), " is being built."));
}

void LiveView::BecomeLive() {
  {
    MutexLock lock(mutex_);
    status_ = absl::OkStatus();
    if (state_ == ViewState::kLive) return;
    state_ = ViewState::kLive;
    building_ = false;
  }
  Notify(ViewState::kLive, /*is_error=*/false, absl::StrCat("The view ", name(), " is live."));
}

void LiveView::Stumble(const absl::Status& status, absl::Duration retry_at) {
  bool known = false;
  {
    MutexLock lock(mutex_);
    known = state_ == ViewState::kStopped;
    // One that is damaged is as good as empty.
    state_ = damaged_ ? ViewState::kBuilding : ViewState::kStopped;
    building_ = damaged_;
    if (damaged_) {
      reached_ = 0;
      meter_ = BuildMeter(Position(), Elapsed());
    }
    status_ = status;
    retry_at_ = retry_at;
    flush_done_.NotifyAll();
  }
  if (known) return;
  Notify(damaged_ ? ViewState::kBuilding : ViewState::kStopped, /*is_error=*/true,
         damaged_ ? absl::StrCat("The files of the view ", name(),
                                 " are damaged, so it is built anew: ", status.ToString())
                  : absl::StrCat("The view ", name(),
                                 " stands still and is tried again: ", status.ToString()));
}

void LiveView::EndRetry() {
  MutexLock lock(mutex_);
  retry_at_ = absl::InfiniteDuration();
}

void LiveView::Renew(ViewFamilies families) {
  auto generation = NewGeneration(std::move(families), Position());
  MutexLock lock(mutex_);
  current_ = generation.get();
  generations_.push_back(std::move(generation));
  reached_ = flushed_ = 0;
  damaged_ = false;
  damage_met_ = false;
}

void LiveView::TellOfStale(const StaleEntity& entity) const {
  Notify(ViewState::kLive, /*is_error=*/true,
         absl::StrCat("The view ", name(), " leaves ", entity.stream, " of workspace ",
                      entity.workspace.value(), " alone, because folding its event ",
                      entity.since.value(), " failed: ", entity.error));
}

std::shared_ptr<Generation> LiveView::NewGeneration(ViewFamilies families, Position position) {
  return std::make_shared<Generation>(std::move(families), position,
                                      [this](const Generation& generation, const absl::Status&) {
                                        return TellOfDamage(generation);
                                      });
}

// ---- Publishing

uint64_t LiveView::FlushesAsked(bool* waiting) const {
  MutexLock lock(mutex_);
  *waiting = *waiting || flushes_asked_ > flushes_done_;
  return flushes_asked_;
}

void LiveView::EndFlush(uint64_t asked, Position checkpoint) {
  flushed_ = checkpoint.value();
  MutexLock lock(mutex_);
  flushes_done_ = asked;
  flush_done_.NotifyAll();
}

void LiveView::Publish(const Generation& generation, Position position) {
  if (position <= generation.position()) return;
  moved_us_ = ElapsedUs();
  std::vector<WaitList::Wait> reached;
  {
    MutexLock lock(mutex_);
    if (&generation != current_.load() || position <= generation.position()) return;
    current_.load()->Publish(position);
    if (position.value() <= position_.load()) return;
    position_.store(position.value(), std::memory_order_release);
    reached = waits_.TakeReached(position);
  }
  Answer(std::move(reached), [] { return absl::OkStatus(); });
}

void LiveView::Answer(std::vector<WaitList::Wait> waits,
                      const std::function<absl::Status()>& answer) {
  for (WaitList::Wait& wait : waits) {
    surroundings_.executor.Run(
        [done = std::move(wait.done), status = answer()]() mutable { done(std::move(status)); });
  }
}

void LiveView::Notify(ViewState state, bool is_error, std::string text) const {
  const auto& notice = surroundings_.options.notice;
  if (notice) notice({std::string(name()), state, is_error, std::move(text)});
}

}  // namespace kith::projections
