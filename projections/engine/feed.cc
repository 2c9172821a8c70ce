#include "projections/engine/feed.h"

#include <utility>

namespace kith::projections {

void Feed::Push(std::shared_ptr<const Chunk> chunk) {
  MutexLock lock(mutex_);
  offered_ = chunk->last;
  if (closed_ || !joined()) return;
  const size_t weight = Weight(*chunk);
  if (events_ > 0 && events_ + weight > events_max_) {
    joined_ = false;
  } else {
    events_ += weight;
    through_ = chunk->last;
    chunks_.push_back(std::move(chunk));
  }
  const bool wake = EndRest();
  lock.Unlock();
  if (wake) wake_();
}

bool Feed::Skip(Position last) {
  MutexLock lock(mutex_);
  offered_ = last;
  if (closed_ || !joined()) return false;
  through_ = last;
  skipped_ = !idle_;
  return idle_;
}

void Feed::Miss(Position last) {
  MutexLock lock(mutex_);
  offered_ = last;
  joined_ = false;
  const bool wake = EndRest();
  lock.Unlock();
  if (wake) wake_();
}

Position Feed::Join() {
  MutexLock lock(mutex_);
  joined_ = !closed_;
  through_ = offered_;
  return offered_;
}

void Feed::Leave() {
  MutexLock lock(mutex_);
  joined_ = false;
  Drop();
}

Position Feed::offered() const {
  MutexLock lock(mutex_);
  return offered_;
}

void Feed::AskForFlush() {
  MutexLock lock(mutex_);
  flush_ = true;
  const bool wake = EndRest();
  lock.Unlock();
  if (wake) wake_();
}

void Feed::Wake() {
  MutexLock lock(mutex_);
  woken_ = true;
  const bool wake = std::exchange(asleep_, false) || EndRest();
  lock.Unlock();
  if (wake) wake_();
}

void Feed::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  if (!chunks_.empty()) through_ = Position();  // they are dropped, not folded
  Drop();
  const bool wake = std::exchange(asleep_, false) || EndRest();
  lock.Unlock();
  if (wake) wake_();
}

void Feed::Drop() {
  chunks_.clear();
  events_ = 0;
  skipped_ = false;
}

Feed::Work Feed::Take() {
  MutexLock lock(mutex_);
  idle_ = chunks_.empty() && joined() && !flush_ && !skipped_ && !woken_ && !closed_;
  if (idle_) return {.idle = true};
  woken_ = false;
  Work work{.chunks = std::exchange(chunks_, {}),
            .through = through_,
            .cut_off = !joined(),
            .flush = std::exchange(flush_, false),
            .closed = closed_};
  Drop();
  return work;
}

Feed::Work Feed::TakeRequests() {
  MutexLock lock(mutex_);
  woken_ = false;
  return {.cut_off = !joined(), .flush = std::exchange(flush_, false), .closed = closed_};
}

bool Feed::Rest() {
  MutexLock lock(mutex_);
  asleep_ = !woken_ && !closed_;
  return asleep_;
}

bool Feed::closed() const {
  MutexLock lock(mutex_);
  return closed_;
}

bool Feed::idle() const {
  MutexLock lock(mutex_);
  return idle_ || asleep_;
}

}  // namespace kith::projections
