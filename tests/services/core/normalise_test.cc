#include "services/core/normalise.h"

#include "gtest/gtest.h"

namespace kith {
namespace {

TEST(PhoneE164, ReadsInternationalAndLocalNumbers) {
  EXPECT_EQ(PhoneE164("+49 30 901820", ""), "+4930901820");
  EXPECT_EQ(PhoneE164("030 / 90 18 20", "DE"), "+4930901820");
  EXPECT_EQ(PhoneE164("0049 30 901820", "DE"), "+4930901820");
  EXPECT_EQ(PhoneE164("(415) 555-2671", "US"), "+14155552671");
}

TEST(PhoneE164, LeavesExtensionsOut) {
  EXPECT_EQ(PhoneE164("+1 415 555 2671 ext. 42", ""), "+14155552671");
}

TEST(PhoneE164, RefusesWhatNoNumberCanBe) {
  for (const char* text : {"", "hello", "1", "+49", "+999 123456789", "\xff\xfe"}) {
    EXPECT_FALSE(PhoneE164(text, "DE").has_value()) << text;
  }
  EXPECT_FALSE(PhoneE164("030 901820", "").has_value());
}

}  // namespace
}  // namespace kith
