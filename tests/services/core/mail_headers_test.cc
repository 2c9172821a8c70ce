#include "services/core/mail_headers.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/core/received_mail.h"

namespace kith {
namespace {

using ::testing::HasSubstr;

std::string Repeated(absl::string_view text, size_t times) {
  std::string repeated;
  for (size_t i = 0; i < times; ++i) absl::StrAppend(&repeated, text);
  return repeated;
}

// Why it is refused; empty where it is not. Then it can be parsed, too.
std::string Refusal(const std::string& raw) {
  const std::string why(CheckMailHeaders(raw).message());
  EXPECT_TRUE(!why.empty() || ParseMail(raw).ok());
  return why;
}

constexpr char kMixed[] = "From: a@x.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";

TEST(MailHeaders, MayBeOfAnyMail) {
  EXPECT_EQ(Refusal(""), "");
  EXPECT_EQ(Refusal("no mail"), "");
  EXPECT_EQ(Refusal(absl::StrCat(kMixed, "--b\r\n\r\nHello\r\n--b--\r\n")), "");
  // What only looks like headers is none.
  const std::string patch = Repeated("--- a/file: x\n+++ b/file: y\n", 100'000);
  EXPECT_EQ(Refusal(absl::StrCat("From: a@x.example\r\n\r\n", patch)), "");
  EXPECT_EQ(Refusal(absl::StrCat(kMixed, "--b\r\nContent-Type: text/x-patch\r\n\r\n", patch)), "");
  EXPECT_EQ(Refusal(absl::StrCat(kMixed,
                                 "--b\r\nContent-Type: message/rfc822\r\n"
                                 "Content-Transfer-Encoding: base64\r\n\r\n",
                                 Repeated("YTogYgo=\r\n", 100'000))),
            "");
  EXPECT_EQ(Refusal(absl::StrCat("From: a@x.example\r\nTo: ", Repeated("team: a@x;", 900),
                                 "\r\nSubject: ", Repeated("a:", 10'000), "\r\n\r\n")),
            "");
}

// GMime walks into groups by recursion, as deep as somebody likes.
TEST(MailHeaders, HaveFewGroupsInEachOther) {
  const std::string groups = Repeated("a:", 20'000);
  for (const char* const name : {"From", "sender", "Reply-To", "To ", "CC\t", "Bcc"}) {
    EXPECT_THAT(Refusal(absl::StrCat(name, ": ", groups, "\r\n\r\n.")), HasSubstr("1000 colons"));
    EXPECT_THAT(Refusal(absl::StrCat(name, ":\r\n ", groups, "\r\n\r\n.")), HasSubstr("colons"));
    EXPECT_THAT(Refusal(absl::StrCat("Content-Type: message/rfc822\r\n\r\n", name, ": ", groups,
                                     "\r\n\r\n.")),
                HasSubstr("colons"));
  }
  EXPECT_EQ(Refusal(absl::StrCat("To: ", Repeated("a:", 1'000), "\r\n\r\n.")), "");
}

// Wherever GMime sees headers, they are counted: whatever the parts around them are called.
TEST(MailHeaders, AreCountedInEveryPart) {
  const std::string many = Repeated("a:\n", 100'000);
  const std::string from = "From: a@x.example\r\n";
  EXPECT_THAT(Refusal(from + many + "\r\n."), HasSubstr("262144 bytes of headers"));
  for (const std::string& before : std::vector<std::string>{
           absl::StrCat(kMixed, "--b\r\n"), absl::StrCat(kMixed, "preface\n--b \t\n"),
           absl::StrCat(kMixed, "--b\r\n\r\nHello\r\n--b\r\n"),
           "Content-Type: message/rfc822\r\n\r\n",
           "Content-Type: message (a comment) / rfc822\r\n\r\n",
           "Content-Type : message/global\r\n\r\n",
           "Content-Type: text/plain\r\nContent-Type: message/rfc822\r\n\r\n",
           "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n"
           "Content-Transfer-Encoding: base64\r\n\r\n",
           absl::StrCat(kMixed,
                        "--b\r\nContent-Transfer-Encoding: base64\r\n--b\r\n"
                        "Content-Type: message/rfc822\r\n\r\n"),
           "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n",
           "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n"
           "Content-Type: \"text\"/plain\r\n\r\n",
           "Content-Type: multipart/mixed;\r\n boundary=b\r\n\r\n--b\r\n",
           "Content-Type: multipart/mixed; boundary=\"a\r\n b\"\r\n\r\n--a b\r\n",
           "Content-Type: multipart/mixed; boundary=\"a\\b\"\r\n\r\n--ab\r\n",
           "Content-Type: multipart/mixed; boundary*=us-ascii''a%62\r\n\r\n--ab\r\n",
           "Content-Type: multipart/mixed; boundary*0=a; boundary*1=b\r\n\r\n--ab\r\n"}) {
    EXPECT_THAT(Refusal(absl::StrCat(from, before, many)),
                HasSubstr("262144 bytes of headers of its parts"))
        << before;
  }
}

TEST(MailHeaders, AreOfSoManyParts) {
  EXPECT_THAT(Refusal(kMixed + Repeated("--b\n\n", 10'000)), HasSubstr("200 parts"));
  EXPECT_THAT(Refusal(kMixed + Repeated("--b\n", 10'000)), HasSubstr("200 parts"));
  EXPECT_THAT(Refusal(Repeated("Content-Type: message (x) / rfc822\r\n\r\n", 10'000)),
              HasSubstr("200 parts"));
  std::string types;
  for (int i = 0; i <= kMailMultipartsMax; ++i) {
    absl::StrAppend(&types, "Content-Type: multipart/mixed; boundary=b", i, "\r\n");
  }
  EXPECT_THAT(Refusal(types + "\r\n"), HasSubstr("100 parts that have parts"));
}

}  // namespace
}  // namespace kith
