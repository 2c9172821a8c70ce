#include "eventstore/seal/token_sealer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

namespace kith::eventstore {
namespace {

SecretKey KeyOf(uint8_t byte) {
  std::array<uint8_t, kKeyBytes> bytes;
  bytes.fill(byte);
  return SecretKey(bytes);
}

RC_GTEST_PROP(TokenSealer, OpensWhatItSealed,
              (const std::string& plain, const std::string& bound)) {
  const TokenSealer sealer(KeyOf(7));
  const std::string text = sealer.Seal(bound, plain);
  RC_ASSERT(sealer.Open(bound, text) == plain);
  RC_ASSERT(sealer.Seal(bound, plain) == text);
  for (const char c : text) RC_ASSERT(absl::ascii_isalnum(c) || c == '-' || c == '_');
}

// FORMAT.md has the same.
TEST(TokenSealer, WritesWhatTheFormatSays) {
  EXPECT_EQ(TokenSealer(KeyOf(7)).Seal("test", "place"), "AoSmptTGUamVJvW1xjn74dXYLnCrhg");
}

TEST(TokenSealer, ShowsNothingOfWhatItSealed) {
  const TokenSealer sealer(KeyOf(7));
  std::string bytes;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(sealer.Seal("page", std::string(64, 'a')), &bytes));
  EXPECT_EQ(bytes.find("aa"), std::string::npos);
  // Two that differ in one byte at the end have no byte in common that says so.
  EXPECT_NE(sealer.Seal("page", "order 1").substr(0, 20),
            sealer.Seal("page", "order 2").substr(0, 20));
}

TEST(TokenSealer, OpensNothingThatDiffersInAnyBit) {
  const TokenSealer sealer(KeyOf(7));
  std::string bytes;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(sealer.Seal("page", "a place"), &bytes));
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(sealer.Open("page", absl::WebSafeBase64Escape(flipped)).has_value()) << bit;
  }
}

TEST(TokenSealer, OpensNothingOfAnotherStoreOrPurpose) {
  const std::string text = TokenSealer(KeyOf(7)).Seal("page", "a place");
  EXPECT_TRUE(TokenSealer(KeyOf(7)).Open("page", text).has_value());
  EXPECT_FALSE(TokenSealer(KeyOf(8)).Open("page", text).has_value());
  EXPECT_FALSE(TokenSealer(KeyOf(7)).Open("position", text).has_value());
  // What is bound and what is sealed have a border.
  EXPECT_NE(TokenSealer(KeyOf(7)).Seal("ab", "c"), TokenSealer(KeyOf(7)).Seal("a", "bc"));
}

TEST(TokenSealer, KnowsOneSpellingOnly) {
  const TokenSealer sealer(KeyOf(7));
  const std::string text = sealer.Seal("page", "a place");
  for (const std::string& other : {text + "=", " " + text, text + "\n", text.substr(1),
                                   text.substr(0, text.size() - 1), std::string()}) {
    EXPECT_FALSE(sealer.Open("page", other).has_value()) << other;
  }
}

}  // namespace
}  // namespace kith::eventstore
