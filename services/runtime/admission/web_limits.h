// What whoever comes without credentials may do, counted in memory from the start of the server:
// how often, and what is gathered of it until it is worth an event. Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "eventstore/base/mutex.h"

namespace kith::runtime {

// How often something may be done within a window of time, by what does it. Of as many as can be
// remembered (100,000) the ones that came last; then nothing new may be done.
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

  const absl::Duration window_;
  Mutex mutex_;
  absl::flat_hash_map<std::string, Window> windows_ KITH_GUARDED_BY(mutex_);
};

// Counts of what happens often, gathered until they are told. `kKinds` counts of each key.
template <size_t kKinds>
class GatheredCounts {
 public:
  using Counts = std::array<int64_t, kKinds>;

  // Adds to those of `key`; answers all that are to be told now, or only zeros: the first ones at
  // once, further ones after ten seconds.
  Counts Add(const std::string& key, const Counts& more, absl::Duration now) KITH_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    Gathered& gathered = keys_[key];
    for (size_t i = 0; i < kKinds; ++i) gathered.counts[i] += more[i];
    if (now - gathered.told < absl::Seconds(10)) return {};
    gathered.told = now;
    return std::exchange(gathered.counts, {});
  }

 private:
  struct Gathered {
    Counts counts = {};
    absl::Duration told = -absl::InfiniteDuration();
  };

  Mutex mutex_;
  absl::flat_hash_map<std::string, Gathered> keys_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::runtime
