#include "eventstore/base/crc32c.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace kith {
namespace {

// The vectors of RFC 3720, section B.4, and the check value every catalogue of checksums gives.
TEST(Crc32c, MatchesPublishedVectors) {
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
}

RC_GTEST_PROP(Crc32c, IsTheSameByInstructionAndByTable,
              (const std::string& bytes, uint32_t before)) {
  RC_ASSERT(Crc32c(bytes, before) == internal::Crc32cByTable(bytes, before));
}

RC_GTEST_PROP(Crc32c, ContinuesWhereItStopped,
              (const std::string& first, const std::string& second)) {
  RC_ASSERT(Crc32c(second, Crc32c(first)) == Crc32c(first + second));
}

}  // namespace
}  // namespace kith
