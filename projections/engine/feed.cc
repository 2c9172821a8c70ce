#include "projections/engine/feed.h"

#include <utility>

namespace kith::projections {

void Feed::Push(std::shared_ptr<const Chunk> chunk) {
  MutexLock lock(mutex_);
  const size_t weight = Weight(*chunk);
  while (!closed_ && events_ > 0 && events_ + weight > events_max_) changed_.Wait(mutex_);
  if (closed_) return;
  events_ += weight;
  through_ = chunk->last;
  chunks_.push_back(std::move(chunk));
  changed_.NotifyAll();
}

bool Feed::Skip(Position last) {
  MutexLock lock(mutex_);
  if (closed_) return false;
  through_ = last;
  const bool waits = idle_ && chunks_.empty() && !flush_ && !skipped_;
  skipped_ = !waits;
  return waits;
}

void Feed::AskForFlush() {
  MutexLock lock(mutex_);
  flush_ = true;
  changed_.NotifyAll();
}

void Feed::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  if (!chunks_.empty()) through_ = Position();  // they are dropped, not folded
  chunks_.clear();
  events_ = 0;
  changed_.NotifyAll();
}

Feed::Work Feed::Take() {
  MutexLock lock(mutex_);
  idle_ = true;
  while (chunks_.empty() && !flush_ && !skipped_ && !closed_) changed_.Wait(mutex_);
  idle_ = false;
  Work work{std::exchange(chunks_, {}), through_, std::exchange(flush_, false), closed_};
  skipped_ = false;
  events_ = 0;
  changed_.NotifyAll();
  return work;
}

bool Feed::idle() const {
  MutexLock lock(mutex_);
  return idle_;
}

}  // namespace kith::projections
