#include "services/runtime/calls/web_limits.h"

#include <gtest/gtest.h>

namespace kith::runtime {
namespace {

struct Counts {
  int views = 0;
  Counts& operator+=(const Counts& more) {
    views += more.views;
    return *this;
  }
};

TEST(WindowLimits, BeginAnewAfterTheirTime) {
  WindowLimits limits(absl::Hours(1));
  const absl::Duration begin = absl::Hours(5);
  EXPECT_TRUE(limits.Take("a", 2, begin));
  EXPECT_TRUE(limits.Take("a", 2, begin + absl::Minutes(59)));
  EXPECT_FALSE(limits.Take("a", 2, begin + absl::Minutes(59)));
  EXPECT_TRUE(limits.Take("b", 2, begin + absl::Minutes(59)));
  EXPECT_TRUE(limits.Take("a", 2, begin + absl::Minutes(60)));
}

TEST(GatheredCounts, AreToldAtOnceAndThenAfterAWhile) {
  GatheredCounts<Counts> counts(absl::Seconds(10));
  const absl::Duration begin = absl::Hours(5);
  EXPECT_EQ(counts.Add("a", {3}, begin).views, 3);
  EXPECT_EQ(counts.Add("a", {1}, begin + absl::Seconds(1)).views, 0);
  EXPECT_EQ(counts.Add("b", {7}, begin + absl::Seconds(1)).views, 7);
  EXPECT_EQ(counts.Add("a", {1}, begin + absl::Seconds(9)).views, 0);
  EXPECT_EQ(counts.Add("a", {1}, begin + absl::Seconds(10)).views, 3);
  EXPECT_EQ(counts.Add("a", {1}, begin + absl::Seconds(11)).views, 0);
}

}  // namespace
}  // namespace kith::runtime
