// Which moments of records are still to come.
#include "projections/workflows/moment_timers.h"

#include <gtest/gtest.h>

#include "eventstore/log/clock_lag.h"

namespace kith::workflows {
namespace {

constexpr absl::Time kNoon = absl::FromUnixSeconds(1'767'268'800);

// One that was recorded at noon, and happened then by the machine's clock.
eventstore::EventHeader Recorded(absl::Duration clock_behind = absl::ZeroDuration()) {
  eventstore::EventHeader header;
  header.record_time = kNoon;
  header.occur_time = kNoon - clock_behind;
  header.flags = eventstore::ClockLagFlags(clock_behind);
  return header;
}

TEST(IsToCome, LeavesOutWhatIsPast) {
  EXPECT_TRUE(IsToCome(kNoon + absl::Seconds(1), Recorded()));
  EXPECT_TRUE(IsToCome(kNoon, Recorded()));
  EXPECT_FALSE(IsToCome(kNoon - absl::Seconds(1), Recorded()));
}

TEST(IsToCome, LeavesOutWhatWasPastWhenItWasImported) {
  eventstore::EventHeader imported = Recorded();
  imported.occur_time = kNoon - absl::Hours(72);
  EXPECT_FALSE(IsToCome(kNoon - absl::Hours(48), imported));
  EXPECT_TRUE(IsToCome(kNoon - absl::Minutes(4), imported)) << "just now";
  EXPECT_FALSE(IsToCome(kNoon - absl::Minutes(6), imported));
}

TEST(IsToCome, IsToldByTheClockThatWasSetBack) {
  const eventstore::EventHeader header = Recorded(absl::Hours(1));
  EXPECT_TRUE(IsToCome(kNoon - absl::Minutes(30), header));
  EXPECT_TRUE(IsToCome(kNoon - absl::Hours(1), header));
  EXPECT_FALSE(IsToCome(kNoon - absl::Hours(1) - absl::Seconds(1), header));
  eventstore::EventHeader imported = header;
  imported.occur_time = kNoon - absl::Hours(72);
  EXPECT_FALSE(IsToCome(kNoon - absl::Hours(2), imported));
  // Whole minutes are known of how far it was behind.
  const eventstore::EventHeader odd = Recorded(absl::Minutes(30) + absl::Seconds(59));
  EXPECT_TRUE(IsToCome(kNoon - absl::Minutes(30) - absl::Seconds(59), odd));
}

}  // namespace
}  // namespace kith::workflows
