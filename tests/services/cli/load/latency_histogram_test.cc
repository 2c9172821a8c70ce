// Quantiles of latencies.
#include "services/cli/load/latency_histogram.h"

#include <gtest/gtest.h>

namespace kith::cli {
namespace {

TEST(LatencyHistogram, KnowsQuantilesToAboutOnePercent) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 10'000; ++i) histogram.Record(absl::Microseconds(10 * i));
  for (const double quantile : {0.01, 0.5, 0.9, 0.999, 1.0}) {
    const double expected = 100'000 * quantile;
    const double found = absl::ToDoubleMicroseconds(histogram.Quantile(quantile));
    EXPECT_NEAR(found, expected, 0.02 * expected) << quantile;
  }
}

TEST(LatencyHistogram, AddsUp) {
  LatencyHistogram fast;
  LatencyHistogram slow;
  for (int i = 0; i < 90; ++i) fast.Record(absl::Milliseconds(1));
  for (int i = 0; i < 10; ++i) slow.Record(absl::Seconds(1));
  fast.Add(slow);
  EXPECT_EQ(fast.count(), 100u);
  EXPECT_LT(fast.Quantile(0.9), absl::Milliseconds(2));
  EXPECT_GT(fast.Quantile(0.91), absl::Milliseconds(900));
}

TEST(LatencyHistogram, TakesWhatIsOutOfItsRange) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.Quantile(0.5), absl::ZeroDuration());
  histogram.Record(-absl::Seconds(1));
  EXPECT_LE(histogram.Quantile(1), absl::Microseconds(2));
  histogram.Record(absl::Hours(1));
  EXPECT_GT(histogram.Quantile(1), absl::Seconds(100));
}

}  // namespace
}  // namespace kith::cli
