#include "services/server/log_bursts.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kith::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

constexpr absl::Duration kNow = absl::Hours(3);

LogLine Line(const std::string& kind, int number, LogLevel level = LogLevel::kInfo) {
  return {level, kind, absl::StrCat("{\"message\":\"", kind, "\",\"n\":", number, "}")};
}

TEST(LogBursts, WritesTheFirstAndCountsTheRest) {
  LogBursts bursts;
  EXPECT_THAT(bursts.Take(Line("a", 1), kNow), Optional(std::string(R"({"message":"a","n":1})")));
  EXPECT_EQ(bursts.Take(Line("a", 2), kNow), std::nullopt);
  EXPECT_EQ(bursts.Take(Line("a", 3), kNow), std::nullopt);
  EXPECT_NE(bursts.Take(Line("b", 1), kNow), std::nullopt) << "says something else";
  EXPECT_EQ(bursts.next_end(), kNow + LogBursts::kSpan);
  EXPECT_THAT(bursts.Ended(kNow + LogBursts::kSpan - absl::Microseconds(1)), IsEmpty());
  EXPECT_THAT(bursts.Ended(kNow + LogBursts::kSpan),
              ElementsAre(R"({"message":"a","n":3,"repeated":2})"));
}

TEST(LogBursts, TellsOfABurstThatGoesOnOnceASpan) {
  LogBursts bursts;
  bursts.Take(Line("a", 0), kNow);
  std::vector<std::string> told;
  for (int second = 0; second < 30; ++second) {
    const absl::Duration now = kNow + absl::Seconds(second);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(bursts.Take(Line("a", second), now), std::nullopt);
    for (std::string& line : bursts.Ended(now + absl::Seconds(1))) told.push_back(std::move(line));
  }
  EXPECT_THAT(told, ElementsAre(R"({"message":"a","n":9,"repeated":1000})",
                                R"({"message":"a","n":19,"repeated":1000})",
                                R"({"message":"a","n":29,"repeated":1000})"));
}

TEST(LogBursts, ForgetsWhatHasStopped) {
  LogBursts bursts;
  bursts.Take(Line("a", 1), kNow);
  EXPECT_THAT(bursts.Ended(kNow + LogBursts::kSpan), IsEmpty());
  EXPECT_EQ(bursts.next_end(), absl::InfiniteDuration());
  EXPECT_NE(bursts.Take(Line("a", 2), kNow + LogBursts::kSpan), std::nullopt);
}

TEST(LogBursts, WritesEveryLineOfLevelDebug) {
  LogBursts bursts;
  for (int i = 0; i < 3; ++i) {
    EXPECT_NE(bursts.Take(Line("a", i, LogLevel::kDebug), kNow), std::nullopt);
  }
}

TEST(LogBursts, RemembersABoundedNumberOfKinds) {
  LogBursts bursts;
  for (size_t i = 0; i < LogBursts::kKindsMax; ++i) bursts.Take(Line(absl::StrCat(i), 0), kNow);
  EXPECT_NE(bursts.Take(Line("one more", 1), kNow), std::nullopt);
  EXPECT_NE(bursts.Take(Line("one more", 2), kNow), std::nullopt) << "not counted, but not lost";
}

}  // namespace
}  // namespace kith::server
