// LatencyHistogram: how often which latency was seen, in buckets a hundredth wide, so that
// quantiles are exact to 1 %.
#pragma once

#include <array>
#include <cstdint>

#include "absl/time/time.h"

namespace kith::cli {

// A value; one thread at a time. Histograms of several threads are added up in the end.
class LatencyHistogram {
 public:
  void Record(absl::Duration latency);
  void Add(const LatencyHistogram& other);

  uint64_t count() const { return count_; }
  // The latency that the fraction `quantile` (0.5, 0.999) of all stayed at or below; zero when
  // there are none.
  absl::Duration Quantile(double quantile) const;

 private:
  // Bucket i begins at 1 µs · 2^(i / kPerDoubling); the last one takes everything above 200 s.
  static constexpr int kPerDoubling = 64;
  static constexpr int kBuckets = 28 * kPerDoubling;
  static int BucketOf(absl::Duration latency);
  static absl::Duration EndOf(int bucket);

  std::array<uint64_t, kBuckets> buckets_{};
  uint64_t count_ = 0;
};

}  // namespace kith::cli
