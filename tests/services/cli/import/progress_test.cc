#include "services/cli/import/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/testing/manual_clock.h"

namespace kith::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(Progress, WritesAtMostOneLineASecondWhereNobodyWatches) {
  testing::ManualClock clock(absl::UnixEpoch());
  std::ostringstream out;
  Progress progress("deals", 1000, /*live=*/false, out, clock);
  progress.Update(200);
  EXPECT_EQ(out.str(), "") << "a quick job says nothing";
  clock.Advance(absl::Seconds(1));
  progress.Update(250);
  progress.Update(600);
  EXPECT_EQ(out.str(), "deals: 20 % (250 of 1,000)\n");
}

TEST(Progress, DrawsOverItselfOnATerminal) {
  testing::ManualClock clock(absl::UnixEpoch());
  std::ostringstream out;
  Progress progress("deals", 100, /*live=*/true, out, clock);
  progress.Update(1);
  clock.Advance(absl::Seconds(1));
  progress.Update(50);
  EXPECT_THAT(out.str(), EndsWith("50 of 100, 50/s\033[K"));
  progress.Clear();
  EXPECT_THAT(out.str(), EndsWith("\r\033[K"));
  EXPECT_THAT(out.str(), Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace kith::cli
