#include "services/messages/letter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "absl/strings/str_cat.h"
#include "services/messages/message_address.h"

namespace kith::messages {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const runtime::PublicName kMessage = {WorkspaceId(7), "contacts/01A/messages/01B"};

class LetterTest : public ::testing::Test {
 protected:
  LetterTest() : sealer_(eventstore::SecretKey()) {}

  std::string UrlOf(AddressKind kind, int link = 0) {
    return absl::StrCat(url_, PathOf(sealer_, {kind, kMessage, link}));
  }
  runtime::Mailer::Letter Added(const std::string& html, bool is_tracked) {
    runtime::Mailer::Letter letter{.to = {}, .reply_to = {}, .subject = "Hi", .text = "Hello\n"};
    letter.html = html;
    AddToLetter({sealer_, url_, kMessage, is_tracked}, letter);
    return letter;
  }

  const eventstore::TokenSealer sealer_;
  const std::string url_ = "https://crm.example.com";
};

TEST_F(LetterTest, LeadsLinksThroughKithAndAddsAnImage) {
  const auto letter = Added(
      "<body><a href=\"https://a.example/\">a</a><a href='https://b.example/'>b</a></body>", true);
  EXPECT_EQ(
      letter.html,
      absl::StrCat("<body><a href=\"", UrlOf(AddressKind::kClick, 0), "\">a</a><a href='",
                   UrlOf(AddressKind::kClick, 1), "'>b</a><p><a href=\"",
                   UrlOf(AddressKind::kUnsubscribe), "\">Unsubscribe</a></p><img src=\"",
                   UrlOf(AddressKind::kOpen), "\" width=\"1\" height=\"1\" alt=\"\"></body>"));
  EXPECT_EQ(letter.text,
            absl::StrCat("Hello\n\nUnsubscribe: ", UrlOf(AddressKind::kUnsubscribe), "\n"));
  EXPECT_EQ(letter.unsubscribe_url, UrlOf(AddressKind::kUnsubscribe));
}

TEST_F(LetterTest, HasNeitherWhereItIsNotTracked) {
  const auto letter = Added("<a href=\"https://a.example/\">a</a>", false);
  EXPECT_THAT(letter.html, HasSubstr("https://a.example/"));
  EXPECT_THAT(letter.html, HasSubstr(UrlOf(AddressKind::kUnsubscribe)));
  EXPECT_THAT(letter.html, Not(HasSubstr("<img")));
  EXPECT_EQ(Added("", false).html, "");
}

TEST_F(LetterTest, HasAddressesThatNobodyMakesUp) {
  const std::string path = PathOf(sealer_, {AddressKind::kClick, kMessage, 3});
  EXPECT_THAT(path, Not(HasSubstr("01A")));
  const auto address = AddressOfPath(sealer_, path);
  ASSERT_TRUE(address.has_value());
  EXPECT_EQ(address->kind, AddressKind::kClick);
  EXPECT_EQ(address->message.workspace, kMessage.workspace);
  EXPECT_EQ(address->message.name, kMessage.name);
  EXPECT_EQ(address->link, 3);
  // That of an image is none of a link, nor the other way round, and a changed one is none.
  std::string other = path;
  other[3] = 'u';
  EXPECT_FALSE(AddressOfPath(sealer_, other).has_value());
  other = path;
  other.back() = other.back() == 'A' ? 'B' : 'A';
  EXPECT_FALSE(AddressOfPath(sealer_, other).has_value());
  EXPECT_FALSE(AddressOfPath(sealer_, "/m/c/").has_value());
  EXPECT_FALSE(AddressOfPath(sealer_, "/m/").has_value());
  const eventstore::SecretKey key(std::array<uint8_t, eventstore::kKeyBytes>{1});
  EXPECT_FALSE(AddressOfPath(eventstore::TokenSealer(key), path).has_value());
}

}  // namespace
}  // namespace kith::messages
