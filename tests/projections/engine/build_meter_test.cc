#include "projections/engine/build_meter.h"

#include <gtest/gtest.h>

namespace kith::projections {
namespace {

constexpr absl::Duration kBegan = absl::Hours(3);

TEST(BuildMeter, TellsShareRateAndTimeLeft) {
  const BuildMeter meter(Position(1000), kBegan);
  const BuildProgress progress =
      meter.At(Position(4300), Position(10'000), kBegan + absl::Seconds(10));
  EXPECT_EQ(progress.percent, 43);
  EXPECT_DOUBLE_EQ(progress.events_per_second, 330);
  ASSERT_TRUE(progress.left.has_value());
  EXPECT_EQ(absl::ToInt64Seconds(*progress.left), 17);
  EXPECT_EQ(progress.Text(), "43 %, about 17 s");
}

TEST(BuildMeter, ClaimsNoRateBeforeItHasOne) {
  const BuildMeter meter(Position(1000), kBegan);
  EXPECT_EQ(meter.At(Position(1000), Position(10'000), kBegan + absl::Seconds(1)).Text(), "10 %");
  EXPECT_EQ(meter.At(Position(2000), Position(10'000), kBegan).Text(), "20 %");
}

TEST(BuildMeter, IsWholeAtTheHeadAndNotBefore) {
  const BuildMeter meter(Position(0), kBegan);
  EXPECT_EQ(meter.At(Position(0), Position(0), kBegan).percent, 100);
  EXPECT_EQ(meter.At(Position(999'999), Position(1'000'000), kBegan).percent, 99);
  EXPECT_EQ(meter.At(Position(1'000'000), Position(1'000'000), kBegan).percent, 100);
}

TEST(BuildMeter, SaysLongTimesRoughly) {
  const BuildMeter meter(Position(0), kBegan);
  const auto text = [&](uint64_t head) {
    return meter.At(Position(1), Position(head), kBegan + absl::Seconds(1)).Text();
  };
  EXPECT_EQ(text(601), "0 %, about 10 min");
  EXPECT_EQ(text(3600 * 5 + 1), "0 %, about 5 h");
}

}  // namespace
}  // namespace kith::projections
