// When the SDK's client makes a call again, by a clock of the test's.
#include "deploy/sdk/cpp/retries.h"

#include "google/rpc/error_details.pb.h"
#include "grpcpp/support/status.h"
#include "gtest/gtest.h"

namespace kith::sdk {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = Retries::Clock;

Outcome Unavailable() {
  Outcome outcome;
  outcome.status.set_code(grpc::StatusCode::UNAVAILABLE);
  return outcome;
}

Outcome AskingFor(seconds delay) {
  Outcome outcome;
  outcome.status.set_code(grpc::StatusCode::RESOURCE_EXHAUSTED);
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(delay.count());
  outcome.status.add_details()->PackFrom(info);
  return outcome;
}

TEST(Retries, WaitTwiceAsLongEachTimeUpToTwoSeconds) {
  Retries retries(hours(1), Clock::time_point::max());
  Clock::time_point now;
  for (const int longest : {50, 100, 200, 400, 800, 1'600, 2'000, 2'000}) {
    const auto wait = retries.WaitAfter(Unavailable(), now);
    ASSERT_TRUE(wait.has_value());
    EXPECT_GE(*wait, milliseconds(longest / 2));
    EXPECT_LE(*wait, milliseconds(longest));
    now += *wait;
  }
}

TEST(Retries, AreNeverSoonerThanTheServerAsks) {
  Retries retries(hours(1), Clock::time_point::max());
  for (int i = 0; i < 10; ++i) {
    const auto wait = retries.WaitAfter(AskingFor(seconds(7)), Clock::time_point());
    ASSERT_TRUE(wait.has_value());
    EXPECT_GE(*wait, seconds(7));
    EXPECT_LE(*wait, seconds(9));
  }
}

TEST(Retries, AreUpWhenPatienceSinceTheFirstFailureIs) {
  Retries retries(seconds(10), Clock::time_point::max());
  Clock::time_point now(hours(5));  // so long it took to fail
  EXPECT_TRUE(retries.WaitAfter(Unavailable(), now).has_value());
  EXPECT_TRUE(retries.WaitAfter(Unavailable(), now + seconds(9)).has_value());
  EXPECT_FALSE(retries.WaitAfter(Unavailable(), now + seconds(10)).has_value());
}

TEST(Retries, AreUpWithTheDeadline) {
  const Clock::time_point now(hours(5));
  Retries retries(hours(1), now + seconds(3));
  EXPECT_TRUE(retries.WaitAfter(Unavailable(), now + seconds(2)).has_value());
  EXPECT_FALSE(retries.WaitAfter(Unavailable(), now + seconds(3)).has_value());
}

TEST(Retries, TakeADelayThatNobodyWaitsForAsTooLong) {
  Retries retries(hours(1), Clock::time_point::max());
  const seconds ages(int64_t{1} << 62);
  EXPECT_FALSE(retries.WaitAfter(AskingFor(ages), Clock::time_point()).has_value());
  EXPECT_TRUE(Retries(hours(1), Clock::time_point::max())
                  .WaitAfter(AskingFor(-ages), Clock::time_point())
                  .has_value());
}

}  // namespace
}  // namespace kith::sdk
