#include "eventstore/base/proto_time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace kith {
namespace {

RC_GTEST_PROP(ProtoTime, TimesComeBackToTheMicrosecond, (int64_t random)) {
  const absl::Time time = absl::FromUnixMicros(random);
  const google::protobuf::Timestamp timestamp = ToTimestamp(time);
  RC_ASSERT(timestamp.nanos() >= 0 && timestamp.nanos() < 1'000'000'000);
  RC_ASSERT(FromTimestamp(timestamp) == time);
}

TEST(ProtoTime, CountsForwardsAlsoBefore1970) {
  const google::protobuf::Timestamp timestamp =
      ToTimestamp(absl::UnixEpoch() - absl::Microseconds(1));
  EXPECT_EQ(timestamp.seconds(), -1);
  EXPECT_EQ(timestamp.nanos(), 999'999'000);
}

TEST(ProtoTime, TakesNumbersThatAreNoTimestamp) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(std::numeric_limits<int64_t>::max());
  timestamp.set_nanos(std::numeric_limits<int32_t>::max());
  EXPECT_EQ(FromTimestamp(timestamp), absl::InfiniteFuture());
  timestamp.set_seconds(std::numeric_limits<int64_t>::min());
  timestamp.set_nanos(std::numeric_limits<int32_t>::min());
  EXPECT_EQ(FromTimestamp(timestamp), absl::InfinitePast());
}

TEST(ProtoTime, DurationsKeepTheirSign) {
  const google::protobuf::Duration ahead = ToDuration(absl::Milliseconds(1500));
  EXPECT_EQ(ahead.seconds(), 1);
  EXPECT_EQ(ahead.nanos(), 500'000'000);
  const google::protobuf::Duration back = ToDuration(-absl::Milliseconds(1500));
  EXPECT_EQ(back.seconds(), -1);
  EXPECT_EQ(back.nanos(), -500'000'000);
}

}  // namespace
}  // namespace kith
