#include "projections/engine/recent_rows.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace kith::projections {
namespace {

TEST(RecentRows, RemembersWhatWasReadAndHowItWasWrittenSince) {
  RecentRows rows(1 << 20);
  EXPECT_EQ(rows.Find("a"), nullptr);
  rows.Add("a", "1");
  rows.Add("b", std::nullopt);
  rows.Update("a", "2");
  ASSERT_NE(rows.Find("a"), nullptr);
  EXPECT_EQ(*rows.Find("a"), "2");
  ASSERT_NE(rows.Find("b"), nullptr);
  EXPECT_EQ(*rows.Find("b"), std::nullopt);
}

TEST(RecentRows, KeepsNothingThatIsOnlyWritten) {
  RecentRows rows(1 << 20);
  rows.Update("a", "1");
  EXPECT_EQ(rows.Find("a"), nullptr);
}

TEST(RecentRows, CountsARowThatIsAddedAgainOnce) {
  RecentRows rows(1000);
  rows.Add("a", "1");
  for (int i = 0; i < 100; ++i) rows.Add("b", std::string(50, 'b'));
  EXPECT_NE(rows.Find("a"), nullptr);
}

// Goal: what is remembered is never outdated, whatever was dropped meanwhile. Method: random reads
// and writes beside a map.
TEST(RecentRows, IsNeverOutdated) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  RecentRows rows(2000);
  std::map<std::string, RecentRows::Row> stored;
  int remembered = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = std::to_string(random() % 60);
    if (random() % 2 == 0) {
      stored[key] = std::to_string(i);
      rows.Update(key, stored[key]);
      continue;
    }
    if (const RecentRows::Row* const row = rows.Find(key); row != nullptr) {
      ASSERT_EQ(*row, stored[key]);
      ++remembered;
    } else {
      rows.Add(key, stored[key]);
    }
  }
  EXPECT_GT(remembered, 100);
  EXPECT_LT(remembered, 9000);
}

}  // namespace
}  // namespace kith::projections
