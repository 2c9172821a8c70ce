#include "eventstore/base/metrics.h"

#include <gtest/gtest.h>

#include <thread>

namespace kith {
namespace {

TEST(DurationHistogram, CountsInTheSmallestBucketThatHolds) {
  DurationHistogram histogram;
  histogram.Observe(absl::Microseconds(50));
  histogram.Observe(absl::Microseconds(51));
  histogram.Observe(absl::Seconds(-1));
  histogram.Observe(absl::Minutes(1));
  const DurationCounts counts = histogram.Read();
  EXPECT_EQ(counts.buckets[0], 2u);
  EXPECT_EQ(counts.buckets[1], 1u);
  EXPECT_EQ(counts.buckets.back(), 1u);
  EXPECT_EQ(counts.count(), 4u);
  EXPECT_EQ(counts.sum_us, 60'000'101u);
}

TEST(DurationHistogram, LosesNothingOfManyThreads) {
  DurationHistogram histogram;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&histogram] {
      for (int n = 0; n < 1000; ++n) histogram.Observe(absl::Microseconds(n));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(histogram.Read().count(), 16'000u);
  EXPECT_EQ(histogram.Read().sum_us, 16u * 499'500u);
}

TEST(Metrics, APageHoldsWhatEverySourceTells) {
  const MetricSource one([](MetricPage& page) {
    page.Gauge("kith_test_queued", "Work that waits.", 3, {{"pool", "one"}});
  });
  {
    const MetricSource two([](MetricPage& page) {
      page.Gauge("kith_test_queued", "Work that waits.", 4, {{"pool", "two"}});
      page.Counter("kith_test_done_total", "Work that was done.", 5);
    });
    const MetricPage page = CollectMetrics();
    EXPECT_EQ(page.families().at("kith_test_queued").samples.size(), 2u);
    EXPECT_EQ(page.families().at("kith_test_done_total").samples[0].value, 5);
  }
  const MetricPage page = CollectMetrics();
  ASSERT_EQ(page.families().at("kith_test_queued").samples.size(), 1u);
  EXPECT_EQ(page.families().at("kith_test_queued").samples[0].labels[0].second, "one");
  EXPECT_FALSE(page.families().contains("kith_test_done_total"));
}

TEST(MetricsDeathTest, ANameHasOneKind) {
  MetricPage page;
  page.Gauge("kith_test", "Help.", 1);
  EXPECT_DEATH(page.Counter("kith_test", "Help.", 1), "invariant broken");
}

}  // namespace
}  // namespace kith
