#include "services/cli/load/latency_histogram.h"

#include <algorithm>
#include <cmath>

namespace kith::cli {

int LatencyHistogram::BucketOf(absl::Duration latency) {
  const double micros = absl::ToDoubleMicroseconds(latency);
  if (micros <= 1) return 0;
  return std::min(kBuckets - 1, static_cast<int>(std::log2(micros) * kPerDoubling));
}

absl::Duration LatencyHistogram::EndOf(int bucket) {
  return absl::Microseconds(std::exp2(static_cast<double>(bucket + 1) / kPerDoubling));
}

void LatencyHistogram::Record(absl::Duration latency) {
  ++buckets_[BucketOf(latency)];
  ++count_;
}

void LatencyHistogram::Add(const LatencyHistogram& other) {
  for (int i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
}

absl::Duration LatencyHistogram::Quantile(double quantile) const {
  const auto rank = static_cast<uint64_t>(std::ceil(quantile * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (int i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= rank && seen > 0) return EndOf(i);
  }
  return absl::ZeroDuration();
}

}  // namespace kith::cli
