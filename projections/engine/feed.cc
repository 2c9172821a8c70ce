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
  changed_.NotifyAll();
}

bool Feed::Skip(Position last) {
  MutexLock lock(mutex_);
  offered_ = last;
  if (closed_ || !joined()) return false;
  through_ = last;
  const bool waits = idle_ && chunks_.empty() && !flush_ && !skipped_;
  skipped_ = !waits;
  return waits;
}

void Feed::Miss(Position last) {
  MutexLock lock(mutex_);
  offered_ = last;
  joined_ = false;
  changed_.NotifyAll();
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
  changed_.NotifyAll();
}

void Feed::Wake() {
  MutexLock lock(mutex_);
  woken_ = true;
  changed_.NotifyAll();
}

void Feed::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  if (!chunks_.empty()) through_ = Position();  // they are dropped, not folded
  Drop();
  changed_.NotifyAll();
}

void Feed::Drop() {
  chunks_.clear();
  events_ = 0;
  skipped_ = false;
}

Feed::Work Feed::Take() {
  MutexLock lock(mutex_);
  idle_ = true;
  while (chunks_.empty() && joined() && !flush_ && !skipped_ && !woken_ && !closed_) {
    changed_.Wait(mutex_);
  }
  idle_ = false;
  woken_ = false;
  Work work{std::exchange(chunks_, {}), through_, !joined(), std::exchange(flush_, false), closed_};
  Drop();
  return work;
}

Feed::Work Feed::TakeRequests() {
  MutexLock lock(mutex_);
  woken_ = false;
  return {{}, Position(), !joined(), std::exchange(flush_, false), closed_};
}

void Feed::Sleep() {
  MutexLock lock(mutex_);
  asleep_ = true;
  while (!woken_ && !closed_) changed_.Wait(mutex_);
  asleep_ = woken_ = false;
}

bool Feed::idle() const {
  MutexLock lock(mutex_);
  return idle_ || asleep_;
}

}  // namespace kith::projections
