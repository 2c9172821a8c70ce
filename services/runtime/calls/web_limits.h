// What pages that anybody may ask for are bounded by: how often within a time, and how often what
// is only counted becomes an event. Both are in memory, from the start of the server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
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
  // The same of what has an id: once it may be done, it may be done again within the window, and
  // counts no more. An empty id is none.
  bool TakeOnce(const std::string& key, int64_t max, absl::Duration now, absl::string_view id)
      KITH_EXCLUDES(mutex_);

 private:
  struct Window {
    absl::Duration begin;
    int64_t count = 0;
    // Hashes of the ids that count; at most `count`.
    absl::flat_hash_set<size_t> ids;
  };
  static constexpr size_t kKeysMax = 100'000;

  // That of the key as it is now; null where no further key can be remembered.
  Window* WindowOf(const std::string& key, absl::Duration now) KITH_REQUIRES(mutex_);

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

  // Adds to those of `key`; answers all that are to be told now; nullopt where they wait, or are
  // lost.
  std::optional<Counts> Add(const std::string& key, const Counts& more, absl::Duration now)
      KITH_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (gathered_.size() >= kKeysMax && !gathered_.contains(key)) {
      // Those of which nothing is left to be told.
      absl::erase_if(gathered_, [&](const auto& one) {
        return !one.second.is_waiting && now - one.second.told >= tell_after_;
      });
      if (gathered_.size() >= kKeysMax) return std::nullopt;
    }
    Gathered& gathered = gathered_[key];
    gathered.counts += more;
    if (now - gathered.told >= tell_after_) return Told(gathered, now);
    waiting_ += gathered.is_waiting ? 0 : 1;
    gathered.is_waiting = true;
    return std::nullopt;
  }

  // Those that wait and are to be told now, by their keys.
  std::vector<std::pair<std::string, Counts>> TakeDue(absl::Duration now) KITH_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    std::vector<std::pair<std::string, Counts>> due;
    if (waiting_ == 0) return due;
    for (auto& [key, gathered] : gathered_) {
      if (!gathered.is_waiting || now - gathered.told < tell_after_) continue;
      due.emplace_back(key, Told(gathered, now));
    }
    return due;
  }

  bool is_any_waiting() const KITH_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return waiting_ > 0;
  }

 private:
  struct Gathered {
    Counts counts;
    absl::Duration told = -absl::InfiniteDuration();
    bool is_waiting = false;
  };

  Counts Told(Gathered& gathered, absl::Duration now) KITH_REQUIRES(mutex_) {
    waiting_ -= gathered.is_waiting ? 1 : 0;
    gathered.is_waiting = false;
    gathered.told = now;
    return std::exchange(gathered.counts, {});
  }

  static constexpr size_t kKeysMax = 100'000;

  const absl::Duration tell_after_;
  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, Gathered> gathered_ KITH_GUARDED_BY(mutex_);
  size_t waiting_ KITH_GUARDED_BY(mutex_) = 0;
};

}  // namespace kith::runtime
