// DurationHistogram: how long something took, counted in buckets, from any thread.
//
// Each thread counts in one of a few shards, so that threads rarely meet at a cache line: an
// observation costs two atomic additions. A reading is not one moment's, but misses and doubles
// nothing.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace kith {

// What a histogram has counted.
struct DurationCounts {
  // The upper bounds of the buckets, in microseconds; a last bucket has none.
  static constexpr std::array<int64_t, 17> kBoundsUs = {
      50,     100,     250,     500,     1'000,     2'500,     5'000,     10'000,    25'000,
      50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000};

  std::array<uint64_t, kBoundsUs.size() + 1> buckets{};  // each by itself
  uint64_t sum_us = 0;

  uint64_t count() const {
    uint64_t all = 0;
    for (const uint64_t bucket : buckets) all += bucket;
    return all;
  }
};

class DurationHistogram {
 public:
  // A time below zero, from a clock that was set back, counts as none.
  void Observe(absl::Duration took) {
    const int64_t us = std::max<int64_t>(0, absl::ToInt64Microseconds(took));
    const auto& bounds = DurationCounts::kBoundsUs;
    const size_t bucket = std::lower_bound(bounds.begin(), bounds.end(), us) - bounds.begin();
    Shard& shard = shards_[ShardOfThisThread()];
    shard.buckets[bucket].fetch_add(1, std::memory_order_relaxed);
    shard.sum_us.fetch_add(us, std::memory_order_relaxed);
  }

  DurationCounts Read() const {
    DurationCounts counts;
    for (const Shard& shard : shards_) {
      for (size_t i = 0; i < counts.buckets.size(); ++i) {
        counts.buckets[i] += shard.buckets[i].load(std::memory_order_relaxed);
      }
      counts.sum_us += shard.sum_us.load(std::memory_order_relaxed);
    }
    return counts;
  }

 private:
  static constexpr size_t kShards = 8;

  struct alignas(64) Shard {
    std::array<std::atomic<uint64_t>, DurationCounts::kBoundsUs.size() + 1> buckets{};
    std::atomic<uint64_t> sum_us = 0;
  };

  static size_t ShardOfThisThread() {
    static std::atomic<size_t> threads = 0;
    thread_local const size_t shard = threads.fetch_add(1, std::memory_order_relaxed) % kShards;
    return shard;
  }

  std::array<Shard, kShards> shards_;
};

}  // namespace kith
