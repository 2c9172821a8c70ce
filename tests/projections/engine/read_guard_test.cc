#include "projections/engine/read_guard.h"

#include <gtest/gtest.h>

#include "eventstore/base/error.h"
#include "kith/type/v1/errors.pb.h"

namespace kith::projections {
namespace {

// Counts until there is an error, at most `rows` times; how often it was OK.
size_t CountUpTo(ReadGuard& guard, size_t rows, size_t bytes, absl::Status* status) {
  for (size_t i = 0; i < rows; ++i) {
    *status = guard.Count(bytes);
    if (!status->ok()) return i;
  }
  return rows;
}

TEST(ReadGuard, EndsAReadThatLooksAtTooManyRows) {
  const auto going = [] { return absl::OkStatus(); };
  ReadGuard guard(going, {.rows = 1'000, .bytes = 1 << 20});
  absl::Status status;
  EXPECT_EQ(CountUpTo(guard, 2'000, 1, &status), 1'000u);
  EXPECT_TRUE(IsError(status, type::v1::ERROR_LIMIT_REACHED)) << status;
}

TEST(ReadGuard, EndsAReadThatLooksAtTooManyBytes) {
  const auto going = [] { return absl::OkStatus(); };
  ReadGuard guard(going, {.rows = 1'000, .bytes = 1 << 20});
  absl::Status status;
  EXPECT_EQ(CountUpTo(guard, 1'000, 64 << 10, &status), 16u);
  EXPECT_TRUE(IsError(status, type::v1::ERROR_LIMIT_REACHED)) << status;
}

TEST(ReadGuard, EndsAReadThatNobodyWaitsForWithinAFewRows) {
  bool gone = false;
  const auto interrupted = [&] { return gone ? absl::CancelledError() : absl::OkStatus(); };
  ReadGuard guard(interrupted);
  absl::Status status;
  EXPECT_EQ(CountUpTo(guard, 10'000, 100, &status), 10'000u);
  gone = true;
  EXPECT_LT(CountUpTo(guard, 10'000, 100, &status), 256u);
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

}  // namespace
}  // namespace kith::projections
