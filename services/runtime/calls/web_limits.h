// What pages that anybody may ask for are bounded by: how often within a time, and how often what
// is only counted becomes an event. Both are in memory, from the start of the server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "eventstore/base/mutex.h"

namespace kith::runtime {

// How often something may be done within a window of time, by what does it. Thread-safe. Of as many
// as can be remembered the ones that came last; then nothing new may be done.
class WindowLimits {
 public:
  explicit WindowLimits(absl::Duration window) : window_(window) {}

  // Whether it may be done `count` times more by `key`, of which there may be `max` within the
  // window; `now` as Clock::Elapsed.
  bool Take(const std::string& key, int64_t max, absl::Duration now, int64_t count = 1)
      KITH_EXCLUDES(mutex_);

 private:
  struct Window {
    absl::Duration begin;
    int64_t count = 0;
  };
  static constexpr size_t kKeysMax = 100'000;

  const absl::Duration window_;
  Mutex mutex_;
  absl::flat_hash_map<std::string, Window> windows_ KITH_GUARDED_BY(mutex_);
};

// Counts that are gathered, by what they are of, until they are worth an event. `Counts` has +=,
// and is nothing when it is new. Thread-safe. Of as many as it can remember: what is beyond is
// lost.
template <class Counts>
class GatheredCounts {
 public:
  // The first counts are told at once, further ones after so long.
  explicit GatheredCounts(absl::Duration tell_after) : tell_after_(tell_after) {}

  // Adds to those of `key`; answers all that are to be told now, which may be none.
  Counts Add(const std::string& key, const Counts& more, absl::Duration now) KITH_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (gathered_.size() >= kKeysMax && !gathered_.contains(key)) {
      // Those of which nothing is left to be told.
      absl::erase_if(gathered_, [&](const auto& one) {
        return one.second.is_told_all && now - one.second.told >= tell_after_;
      });
      if (gathered_.size() >= kKeysMax) return {};
    }
    Gathered& gathered = gathered_[key];
    gathered.counts += more;
    gathered.is_told_all = now - gathered.told >= tell_after_;
    if (!gathered.is_told_all) return {};
    gathered.told = now;
    return std::exchange(gathered.counts, {});
  }

 private:
  struct Gathered {
    Counts counts;
    absl::Duration told = -absl::InfiniteDuration();
    bool is_told_all = false;
  };
  static constexpr size_t kKeysMax = 100'000;

  const absl::Duration tell_after_;
  Mutex mutex_;
  absl::flat_hash_map<std::string, Gathered> gathered_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::runtime
