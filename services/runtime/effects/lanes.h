// Lanes: of what goes to the same place so many go at once, and the others wait, in their order;
// what goes elsewhere does not wait for them.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/mutex.h"

namespace kith::runtime {

// Thread-safe. What waits takes a few words, so `begin` is what makes the rest.
class Lanes {
 public:
  explicit Lanes(size_t at_once_max) : at_once_max_(at_once_max) {}

  // Begins it on this thread, or later on that of whoever leaves.
  void Enter(const std::string& lane, absl::AnyInvocable<void()> begin) KITH_EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      Lane& place = lanes_[lane];
      if (place.at_once == at_once_max_) {
        place.waiting.push_back(std::move(begin));
        return;
      }
      ++place.at_once;
    }
    begin();
  }

  // One that began is at its end.
  void Leave(const std::string& lane) KITH_EXCLUDES(mutex_) {
    absl::AnyInvocable<void()> next;
    {
      MutexLock lock(mutex_);
      const auto place = lanes_.find(lane);
      if (place->second.waiting.empty()) {
        if (--place->second.at_once == 0) lanes_.erase(place);
        return;
      }
      next = std::move(place->second.waiting.front());
      place->second.waiting.pop_front();
    }
    next();
  }

 private:
  struct Lane {
    size_t at_once = 0;
    std::deque<absl::AnyInvocable<void()>> waiting;
  };

  const size_t at_once_max_;
  Mutex mutex_;
  absl::flat_hash_map<std::string, Lane> lanes_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::runtime
