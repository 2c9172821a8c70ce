#include "services/runtime/admission/turns.h"

#include <utility>

#include "eventstore/base/check.h"
#include "services/runtime/admission/pools.h"

namespace kith::runtime {

void Turns::Run(const KeyUsage* key, absl::AnyInvocable<void()> work) {
  {
    MutexLock lock(mutex_);
    Add(key, std::move(work));
  }
  pool_.Run([this] { RunNext(); });  // as often as there is work, whosever it is
}

bool Turns::TryRun(const KeyUsage* key, absl::AnyInvocable<void()> work) {
  MutexLock lock(mutex_);  // which has what runs wait until there is something to run
  if (!pool_.TryRun([this] { RunNext(); })) return false;
  Add(key, std::move(work));
  return true;
}

void Turns::Add(const KeyUsage* key, absl::AnyInvocable<void()> work) {
  Queue& queue = queues_[key];
  if (queue.empty()) keys_.push_back(key);
  queue.push_back(std::move(work));
  ++waiting_;
}

size_t Turns::waiting() const {
  MutexLock lock(mutex_);
  return waiting_;
}

void Turns::RunNext() {
  absl::AnyInvocable<void()> work;
  {
    MutexLock lock(mutex_);
    KITH_CHECK(!keys_.empty());
    const KeyUsage* const key = keys_.front();
    keys_.pop_front();
    const auto queue = queues_.find(key);
    work = std::move(queue->second.front());
    queue->second.pop_front();
    if (queue->second.empty()) {
      queues_.erase(queue);
    } else {
      keys_.push_back(key);
    }
    --waiting_;
  }
  work();
}

}  // namespace kith::runtime
