#include "projections/engine/late_watch.h"

#include "gtest/gtest.h"

namespace kith::projections {
namespace {

constexpr absl::Duration kLateAfter = absl::Seconds(30);
constexpr absl::Duration kNow = absl::Hours(3);

TEST(LateWatch, IsNeverLateWhereNothingIsLacking) {
  LateWatch watch(kLateAfter);
  EXPECT_FALSE(watch.IsLate(Position(), kNow));
  watch.Look(Position(7), Position(7), kNow);
  EXPECT_FALSE(watch.IsLate(Position(7), kNow + absl::Hours(1)));
  EXPECT_EQ(watch.Due(Position(7)), absl::InfiniteDuration());
}

TEST(LateWatch, IsLateWithWhatTheLogHadLongAgo) {
  LateWatch watch(kLateAfter);
  watch.Look(Position(5), Position(7), kNow);
  watch.Look(Position(6), Position(9), kNow + absl::Seconds(20));
  EXPECT_EQ(watch.Due(Position(6)), kNow + kLateAfter);
  EXPECT_FALSE(watch.IsLate(Position(6), kNow + kLateAfter - absl::Nanoseconds(1)));
  EXPECT_TRUE(watch.IsLate(Position(6), kNow + kLateAfter));
  EXPECT_FALSE(watch.IsLate(Position(7), kNow + kLateAfter)) << "it has that now";
}

TEST(LateWatch, BeginsAnewWithEveryLookAtWhatItHas) {
  LateWatch watch(kLateAfter);
  for (int i = 1; i < 100; ++i) {  // always a little behind
    const absl::Duration now = kNow + absl::Seconds(i);
    watch.Look(Position(i), Position(i + 1), now);
    EXPECT_FALSE(watch.IsLate(Position(i), now));
  }
  watch.Forget();
  EXPECT_FALSE(watch.IsLate(Position(), kNow + absl::Hours(1)));
}

}  // namespace
}  // namespace kith::projections
