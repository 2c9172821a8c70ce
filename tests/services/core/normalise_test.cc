#include "services/core/normalise.h"

#include <initializer_list>

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

// PH-1 to PH-4.
TEST(PhoneFormOf, ReadsWhatTheRegionDials) {
  struct Case {
    const char* region;
    const char* raw;
    const char* e164;
    const char* extension = "";
  };
  for (const auto& [region, raw, e164, extension] : std::initializer_list<Case>{
           {"NZ", "03-331 6005", "+6433316005"},
           {"NZ", "0064 3 331 6005", "+6433316005"},
           {"NZ", "tel:03-331-6005;phone-context=+64", "+6433316005"},
           {"NZ", "03 331 6005 ext 3456", "+6433316005", "3456"},
           {"IT", "02 36618300", "+390236618300"},
           {"IT", "+39 347 123 4567", "+393471234567"},
           {"CI", "+225 01 23 45 67 89", "+2250123456789"},
           {"FR", "+33 (0)6 12 34 56 78", "+33612345678"},
           {"GB", "+44 020 7031 3000", "+442070313000"},
           {"AR", "0343 15 555 1212", "+5493435551212"},
           {"US", "011 54 9 11 8765 4321", "+5491187654321"},
           {"RU", "8 (800) 555-35-35", "+78005553535"},
           {"BR", "0 15 11 98765-4321", "+5511987654321"},
           {"US", "＋１ (650) 253-0000", "+16502530000"},
           {"US", "2423651234", "+12423651234"},
           {"US", "650 253 0000 #123", "+16502530000", "123"},
       }) {
    const PhoneForm form = PhoneFormOf(raw, region);
    EXPECT_EQ(form.e164, e164) << raw;
    EXPECT_EQ(form.extension, extension) << raw;
    EXPECT_TRUE(form.is_valid) << raw;
  }
}

// PH-5: what nobody can be called by is flagged, and never dropped.
TEST(PhoneFormOf, TellsWhatNobodyHas) {
  for (const char* raw :
       {"+210 3456 56789", "n/a", "1234567890123456789", "6502530000 / 6502530001", "911",
        "2530000", "+1 650 253 00000", "+44 7700 900123"}) {
    EXPECT_FALSE(PhoneFormOf(raw, "US").is_valid) << raw;
  }
  EXPECT_EQ(PhoneFormOf("+44 7700 900123", "US").e164, "+447700900123") << "a possible one";
  EXPECT_EQ(PhoneFormOf("+1 650 253 00000", "US").e164, "");
}

}  // namespace
}  // namespace kith
