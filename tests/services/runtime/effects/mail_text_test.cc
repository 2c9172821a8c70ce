#include "services/runtime/effects/mail_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace kith::runtime {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

// What a reader of mail makes of a header's value (RFC 2047): base64 words only.
std::string Decoded(absl::string_view value) {
  std::string text;
  for (absl::string_view word : absl::StrSplit(value, "\r\n ")) {
    EXPECT_LE(word.size(), 75u);
    if (!absl::ConsumePrefix(&word, "=?utf-8?B?")) {
      absl::StrAppend(&text, word);
      continue;
    }
    EXPECT_TRUE(absl::ConsumeSuffix(&word, "?="));
    std::string bytes;
    EXPECT_TRUE(absl::Base64Unescape(word, &bytes));
    EXPECT_NE(static_cast<unsigned char>(bytes.front()) & 0xC0, 0x80);  // whole characters
    text += bytes;
  }
  return text;
}

Mail Example() {
  return {.from = *ParseMailbox("Acme <crm@acme.example>"),
          .to = "ada@example.com",
          .reply_to = std::nullopt,
          .message_id = "<1-412-0.4f@acme.example>",
          .date = absl::FromUnixSeconds(1'700'000'000),
          .subject = "Hello",
          .text = "Dear Ada,\n.\nyours",
          .html = ""};
}

TEST(ComposeMail, HasTheHeadersAndTheTextInBase64) {
  const std::string mail = ComposeMail(Example());
  EXPECT_EQ(mail,
            "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
            "From: Acme <crm@acme.example>\r\n"
            "To: ada@example.com\r\n"
            "Subject: Hello\r\n"
            "Message-ID: <1-412-0.4f@acme.example>\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: base64\r\n"
            "\r\n"
            "RGVhciBBZGEsCi4KeW91cnM=\r\n");
}

TEST(ComposeMail, HasHtmlAsAnAlternative) {
  Mail mail = Example();
  mail.html = "<p>Dear Ada</p>";
  mail.reply_to = ParseMailbox("sales@acme.example");
  const std::string composed = ComposeMail(mail);
  EXPECT_THAT(composed, HasSubstr("Reply-To: sales@acme.example\r\n"));
  EXPECT_THAT(composed, HasSubstr("Content-Type: multipart/alternative;\r\n boundary="));
  EXPECT_LT(composed.find("text/plain"), composed.find("text/html"));
  EXPECT_TRUE(absl::EndsWith(composed, "--=_kith_alternative_=--\r\n"));
}

TEST(ComposeMail, HasACalendarBesideTheText) {
  Mail mail = Example();
  mail.calendar = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n";
  mail.calendar_method = "REQUEST\r\nBcc: x@example.com";
  const std::string composed = ComposeMail(mail);
  EXPECT_NE(composed.find("multipart/alternative"), composed.npos);
  const size_t part = composed.find(
      "Content-Type: text/calendar; method=REQUEST  Bcc: x@example.com; charset=utf-8\r\n");
  ASSERT_NE(part, composed.npos) << "it is no header of its own";
  EXPECT_LT(composed.find("text/plain"), part);
  EXPECT_EQ(composed.find("text/html"), composed.npos);
  EXPECT_NE(composed.find(absl::Base64Escape(mail.calendar), part), composed.npos);
}

TEST(ComposeMail, SaysHowToUnsubscribeAtOneClick) {
  Mail mail = Example();
  EXPECT_EQ(ComposeMail(mail).find("List-Unsubscribe"), std::string::npos);
  mail.unsubscribe_url = "https://crm.example.com/m/u/3q2-";
  EXPECT_THAT(ComposeMail(mail),
              HasSubstr("List-Unsubscribe: <https://crm.example.com/m/u/3q2->\r\n"
                        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
}

TEST(ComposeMail, SaysThatNoPersonSendsIt) {
  Mail mail = Example();
  EXPECT_EQ(ComposeMail(mail).find("Auto-Submitted"), std::string::npos);
  mail.is_automatic = true;
  EXPECT_THAT(ComposeMail(mail), HasSubstr("Auto-Submitted: auto-generated\r\n"));
}

TEST(ComposeMail, HasNoLongLineWhateverIsSaid) {
  Mail mail = Example();
  mail.subject = std::string(900, 'x');
  mail.text = std::string(5'000, 'y');
  mail.html = std::string(5'000, 'z');
  const std::string composed = ComposeMail(mail);
  for (const absl::string_view line : absl::StrSplit(composed, "\r\n")) {
    EXPECT_LE(line.size(), 84u) << line;
  }
}

// Goal: what people say becomes no header and ends no part.
TEST(ComposeMail, LetsNothingBecomeAHeader) {
  Mail mail = Example();
  mail.subject = "Hi\r\nBcc: all@example.com\r\n\r\nbody";
  mail.from.display_name = "A\nX-Evil: 1";
  mail.text = "a\r\n.\r\nMAIL FROM:<x>\r\n--=_kith_alternative_=--";
  mail.html = mail.text;
  const std::string composed = ComposeMail(mail);
  const std::vector<std::string> lines = absl::StrSplit(composed, "\r\n");
  for (const std::string& line : lines) {
    EXPECT_FALSE(absl::StartsWith(line, "Bcc") || absl::StartsWith(line, "X-Evil") ||
                 absl::StartsWith(line, "MAIL") || line == ".")
        << line;
    EXPECT_EQ(line.find_first_of("\r\n"), line.npos);
  }
  EXPECT_THAT(composed, HasSubstr("From: \"A X-Evil: 1\" <crm@acme.example>\r\n"));
}

TEST(HeaderText, EncodesWhatIsNotPlainInWordsOfWholeCharacters) {
  EXPECT_EQ(HeaderText("Hello, Ada!"), "Hello, Ada!");
  for (const std::string& text :
       {std::string("Grüße aus Köln"), std::string("=?utf-8?B?eA==?="), std::string(300, 'x'),
        absl::StrCat("a", "ééééééééééééééééééééééééééééééééééééééééééééé",
                     "€€€€€€€€€€€€€€€€€€€€€")}) {
    const std::string encoded = HeaderText(text);
    EXPECT_TRUE(absl::StartsWith(encoded, "=?utf-8?B?")) << encoded;
    EXPECT_EQ(Decoded(encoded), text);
  }
}

TEST(ParseMailbox, TakesAnAddressWithOrWithoutAName) {
  const auto bare = ParseMailbox(" crm@Acme.Example ");
  ASSERT_TRUE(bare.has_value());
  EXPECT_EQ(bare->address, "crm@acme.example");
  EXPECT_EQ(bare->domain(), "acme.example");
  const auto named = ParseMailbox("\"Acme, Inc.\" <crm@müller.example>");
  ASSERT_TRUE(named.has_value());
  EXPECT_EQ(named->display_name, "Acme, Inc.");
  EXPECT_EQ(named->address, "crm@xn--mller-kva.example");
}

TEST(ParseMailbox, RefusesWhatSmtpWouldReadOtherwise) {
  for (const char* const text :
       {"", "ada", "@x.example", "a@b", "a b@x.example", "a@x.example>", "<a@x.example",
        "a@x.example\r\nRCPT TO:<b@x.example>", "a>@x.example", "\"a\"@x.example", "a,b@x.example",
        "ä@x.example", "a@x.example, b@x.example"}) {
    EXPECT_FALSE(ParseMailbox(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace kith::runtime
