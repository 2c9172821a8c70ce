#include "projections/engine/feed.h"

#include <utility>

namespace kith::projections {

void Feed::Push(std::shared_ptr<const Chunk> chunk) {
  MutexLock lock(mutex_);
  const size_t weight = Weight(*chunk);
  while (!closed_ && events_ > 0 && events_ + weight > events_max_) changed_.Wait(mutex_);
  if (closed_) return;
  events_ += weight;
  chunks_.push_back(std::move(chunk));
  changed_.NotifyAll();
}

void Feed::AskForFlush() {
  MutexLock lock(mutex_);
  flush_ = true;
  changed_.NotifyAll();
}

void Feed::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  chunks_.clear();
  events_ = 0;
  changed_.NotifyAll();
}

Feed::Work Feed::Take() {
  MutexLock lock(mutex_);
  idle_ = true;
  while (chunks_.empty() && !flush_ && !closed_) changed_.Wait(mutex_);
  idle_ = false;
  Work work{std::exchange(chunks_, {}), std::exchange(flush_, false), closed_};
  events_ = 0;
  changed_.NotifyAll();
  return work;
}

bool Feed::idle() const {
  MutexLock lock(mutex_);
  return idle_;
}

}  // namespace kith::projections
