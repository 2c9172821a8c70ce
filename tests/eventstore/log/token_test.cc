#include "eventstore/log/token.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/crc32c.h"

namespace kith::eventstore {
namespace {

const Token kToken{.store = "0123456789abcdef", .epoch = 3, .position = Position(70'000)};

// Bytes as a token would stand, with a check value that holds.
std::string Checked(std::string bytes) {
  AppendFixed32(Crc32c(bytes), &bytes);
  return absl::WebSafeBase64Escape(bytes);
}

RC_GTEST_PROP(Token, ComesBackAsItWas, (uint64_t epoch, uint64_t position)) {
  const std::string store = *rc::gen::container<std::string>(16, rc::gen::arbitrary<char>());
  const auto decoded =
      DecodeToken(EncodeToken({.store = store, .epoch = epoch, .position = Position(position)}));
  RC_ASSERT(decoded.ok());
  RC_ASSERT(decoded->store == store);
  RC_ASSERT(decoded->epoch == epoch);
  RC_ASSERT(decoded->position == Position(position));
}

// The example of FORMAT.md: clients hold tokens across releases, so these bytes stay.
TEST(Token, StandsAsFormatMdSays) {
  EXPECT_EQ(EncodeToken(kToken), "ATAxMjM0NTY3ODlhYmNkZWYD8KIEfqhzHw");
  Token numbered = kToken;
  numbered.sequence = Sequence(42);
  EXPECT_EQ(EncodeToken(numbered), "42.ATAxMjM0NTY3ODlhYmNkZWYD8KIEfqhzHw");
}

TEST(Token, MayHaveANumberInFront) {
  for (const uint64_t number : {uint64_t{0}, uint64_t{42}, ~uint64_t{0}}) {
    Token token = kToken;
    token.epoch = ~uint64_t{0};
    token.position = Position(~uint64_t{0});
    token.sequence = Sequence(number);
    const auto decoded = DecodeToken(EncodeToken(token));
    ASSERT_TRUE(decoded.ok()) << number;
    EXPECT_EQ(decoded->sequence, token.sequence);
    EXPECT_EQ(decoded->position, token.position);
  }
  EXPECT_EQ(DecodeToken(EncodeToken(kToken))->sequence, std::nullopt);
}

TEST(Token, IsRefusedWithAnythingElseInFront) {
  const std::string text = EncodeToken(kToken);
  for (const char* front :
       {".", "x.", "042.", "+42.", "-1.", " 42.", "42 .", "4.2.", "42", "18446744073709551616."}) {
    EXPECT_FALSE(DecodeToken(front + text).ok()) << front;
  }
}

TEST(Token, IsRefusedWhenAnyBitIsFlipped) {
  std::string bytes;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(EncodeToken(kToken), &bytes));
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_EQ(DecodeToken(absl::WebSafeBase64Escape(flipped)).status().code(),
              absl::StatusCode::kInvalidArgument)
        << "bit " << bit;
  }
}

TEST(Token, IsRefusedWhenCutShort) {
  const std::string text = EncodeToken(kToken);
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(DecodeToken(text.substr(0, size)).ok()) << size;
  }
}

TEST(Token, HasOneSpellingOnly) {
  const std::string text = EncodeToken(kToken);
  EXPECT_FALSE(DecodeToken(text + "=").ok());
  EXPECT_FALSE(DecodeToken(text + "==").ok());
  EXPECT_FALSE(DecodeToken(" " + text).ok());
  EXPECT_FALSE(DecodeToken(text + "\n").ok());
}

TEST(Token, IsRefusedWhenItsContentIsNotWhatATokenHolds) {
  const std::string store(16, 's');
  EXPECT_TRUE(DecodeToken(Checked(std::string("\x01") + store + "\x01\x01")).ok());
  EXPECT_FALSE(DecodeToken(Checked(std::string("\x02") + store + "\x01\x01")).ok());      // version
  EXPECT_FALSE(DecodeToken(Checked(std::string("\x01") + store + "\x01\x01\x01")).ok());  // more
  EXPECT_FALSE(DecodeToken(Checked(std::string("\x01") + store + "\x01")).ok());  // no position
  EXPECT_FALSE(DecodeToken(Checked("")).ok());
}

RC_GTEST_PROP(Token, RefusesGarbageWithoutCrashing, (const std::string& text)) {
  RC_ASSERT(DecodeToken(text).status().code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kith::eventstore
