#include "eventstore/log/token.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/crc32c.h"

namespace kith::eventstore {
namespace {

const Token kToken{.epoch = 3, .position = Position(70'000)};

TokenSealer SealerOf(uint8_t byte) {
  std::array<uint8_t, kKeyBytes> bytes;
  bytes.fill(byte);
  return TokenSealer(SecretKey(bytes));
}

const TokenSealer kSealer = SealerOf(7);

std::string Seal(const Token& token) { return SealToken(kSealer, token); }
absl::StatusOr<Token> Open(absl::string_view text) { return OpenToken(kSealer, text); }

// Bytes as a token of the first version would stand, with a check value that holds.
std::string Checked(std::string bytes) {
  AppendFixed32(Crc32c(bytes), &bytes);
  return absl::WebSafeBase64Escape(bytes);
}

// The example of FORMAT.md: clients hold tokens across releases, so it opens for ever.
constexpr char kFirstVersion[] = "ATAxMjM0NTY3ODlhYmNkZWYD8KIEfqhzHw";

RC_GTEST_PROP(Token, ComesBackAsItWas, (uint64_t epoch, uint64_t position)) {
  const auto opened = Open(Seal({.epoch = epoch, .position = Position(position)}));
  RC_ASSERT(opened.ok());
  RC_ASSERT(opened->store.empty());
  RC_ASSERT(opened->epoch == epoch);
  RC_ASSERT(opened->position == Position(position));
}

TEST(Token, StandsAsFormatMdSays) {
  EXPECT_EQ(Seal(kToken), "AvOOqNB9lyAw-vWeHUkxcSz7YlxNDkgNL9w");
  Token numbered = kToken;
  numbered.sequence = Sequence(42);
  EXPECT_EQ(Seal(numbered), "42.AvOOqNB9lyAw-vWeHUkxcSz7YlxNDkgNL9w");
}

TEST(Token, OfTheFirstVersionIsReadForEver) {
  for (const std::string& front : {std::string(), std::string("42.")}) {
    const auto opened = Open(front + kFirstVersion);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(opened->store, "0123456789abcdef");
    EXPECT_EQ(opened->epoch, 3);
    EXPECT_EQ(opened->position, Position(70'000));
    EXPECT_EQ(opened->sequence.has_value(), !front.empty());
  }
}

// Goal: nobody learns from his tokens how much others write. Method: of positions near to one
// another, and far from, only the length is alike.
TEST(Token, TellsNothingOfItsPosition) {
  const std::string one = Seal({.position = Position(1)});
  for (const uint64_t position : {uint64_t{2}, uint64_t{300}, uint64_t{1} << 40}) {
    const std::string other = Seal({.position = Position(position)});
    EXPECT_EQ(other.size(), one.size());
    EXPECT_NE(other.substr(2, 20), one.substr(2, 20));
  }
}

TEST(Token, OfAnotherStoreIsRefused) {
  EXPECT_TRUE(OpenToken(SealerOf(7), Seal(kToken)).ok());
  EXPECT_FALSE(OpenToken(SealerOf(8), Seal(kToken)).ok());
  // Nor is what was sealed for something else, such as a page.
  EXPECT_FALSE(Open(kSealer.Seal("page", std::string(9, '\x01'))).ok());
}

TEST(Token, MayHaveANumberInFront) {
  for (const uint64_t number : {uint64_t{0}, uint64_t{42}, ~uint64_t{0}}) {
    const Token token{
        .epoch = ~uint64_t{0}, .position = Position(~uint64_t{0}), .sequence = Sequence(number)};
    const auto opened = Open(Seal(token));
    ASSERT_TRUE(opened.ok()) << number;
    EXPECT_EQ(opened->sequence, token.sequence);
    EXPECT_EQ(opened->position, token.position);
  }
  EXPECT_EQ(Open(Seal(kToken))->sequence, std::nullopt);
}

TEST(Token, IsRefusedWithAnythingElseInFront) {
  for (const std::string& text : {Seal(kToken), std::string(kFirstVersion)}) {
    for (const char* front : {".", "x.", "042.", "+42.", "-1.", " 42.", "42 .", "4.2.", "42",
                              "18446744073709551616."}) {
      EXPECT_FALSE(Open(front + text).ok()) << front;
    }
  }
}

TEST(Token, IsRefusedWhenAnyBitIsFlipped) {
  for (const std::string& text : {Seal(kToken), std::string(kFirstVersion)}) {
    std::string bytes;
    ASSERT_TRUE(absl::WebSafeBase64Unescape(text, &bytes));
    for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      std::string flipped = bytes;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      EXPECT_EQ(Open(absl::WebSafeBase64Escape(flipped)).status().code(),
                absl::StatusCode::kInvalidArgument)
          << "bit " << bit;
    }
  }
}

TEST(Token, IsRefusedWhenCutShortOrSpeltOtherwise) {
  for (const std::string& text : {Seal(kToken), std::string(kFirstVersion)}) {
    for (size_t size = 0; size < text.size(); ++size) {
      EXPECT_FALSE(Open(text.substr(0, size)).ok()) << size;
    }
    EXPECT_FALSE(Open(text + "=").ok());
    EXPECT_FALSE(Open(text + "==").ok());
    EXPECT_FALSE(Open(" " + text).ok());
    EXPECT_FALSE(Open(text + "\n").ok());
  }
}

TEST(Token, IsRefusedWhenItsContentIsNotWhatATokenHolds) {
  const std::string store(16, 's');
  EXPECT_TRUE(Open(Checked(std::string("\x01") + store + "\x01\x01")).ok());
  EXPECT_FALSE(Open(Checked(std::string("\x02") + store + "\x01\x01")).ok());      // version
  EXPECT_FALSE(Open(Checked(std::string("\x01") + store + "\x01\x01\x01")).ok());  // more
  EXPECT_FALSE(Open(Checked(std::string("\x01") + store + "\x01")).ok());          // no position
  EXPECT_FALSE(Open(Checked("")).ok());
  const std::string place(9, '\x01');
  EXPECT_TRUE(Open(kSealer.Seal("position", place)).ok());
  EXPECT_FALSE(Open(kSealer.Seal("position", place + "\x01")).ok());      // more
  EXPECT_FALSE(Open(kSealer.Seal("position", place.substr(0, 8))).ok());  // no epoch
}

RC_GTEST_PROP(Token, RefusesGarbageWithoutCrashing, (const std::string& text)) {
  RC_ASSERT(Open(text).status().code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kith::eventstore
