#include "services/core/received_mail.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kith {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// As mail servers hand it on: lines ended by CRLF.
std::string Wire(absl::string_view text) { return absl::StrReplaceAll(text, {{"\n", "\r\n"}}); }

ReceivedMail Parsed(absl::string_view text) {
  absl::StatusOr<ReceivedMail> mail = ParseMail(Wire(text));
  EXPECT_TRUE(mail.ok()) << mail.status();
  return mail.ok() ? *std::move(mail) : ReceivedMail();
}

constexpr char kPlain[] =
    "From: =?UTF-8?Q?J=C3=BCrgen_M=C3=BCller?= <juergen@b\xC3\xBC"
    "cher.example>\n"
    "To: \"Sales, North\" <sales@acme.example>, team: ada@acme.example, bo@acme.example;\n"
    "Cc: boss@acme.example\n"
    "Subject: =?ISO-8859-1?Q?Gr=FC=DFe?=\n"
    "Date: Mon, 02 Mar 2026 10:15:00 +0100\n"
    "Message-ID: <3@b\xC3\xBC"
    "cher.example>\n"
    "References: <1@acme.example> <2@acme.example>\n"
    "In-Reply-To: <2@acme.example>\n"
    "Content-Type: text/plain; charset=iso-8859-1\n"
    "Content-Transfer-Encoding: quoted-printable\n"
    "\n"
    "Sch=F6ne Gr=FC=DFe\n";

TEST(ReceivedMail, SaysWhoWroteWhat) {
  const ReceivedMail mail = Parsed(kPlain);
  EXPECT_EQ(mail.kind, MailKind::kPersonal);
  EXPECT_EQ(mail.from.name, "Jürgen Müller");
  EXPECT_EQ(mail.from.address, "juergen@bücher.example");
  ASSERT_THAT(mail.to, SizeIs(3));
  EXPECT_EQ(mail.to[0].name, "Sales, North");
  EXPECT_EQ(mail.to[2].address, "bo@acme.example");
  ASSERT_THAT(mail.cc, SizeIs(1));
  EXPECT_EQ(mail.subject, "Grüße");
  EXPECT_EQ(mail.text, "Schöne Grüße");
  EXPECT_EQ(mail.message_id, "3@bücher.example");
  EXPECT_THAT(mail.references, ElementsAre("1@acme.example", "2@acme.example"));
  ASSERT_TRUE(mail.time.has_value());
  EXPECT_EQ(absl::FormatTime(*mail.time, absl::UTCTimeZone()), "2026-03-02T09:15:00+00:00");
  EXPECT_THAT(mail.defects, IsEmpty());
}

TEST(ReceivedMail, PrefersTextToHtmlAndKeepsAttachments) {
  const ReceivedMail mail = Parsed(R"(From: a@x.example
Message-ID: <1@x.example>
Date: Mon, 02 Mar 2026 10:15:00 +0100
Content-Type: multipart/mixed; boundary=out

--out
Content-Type: multipart/alternative; boundary=in

--in
Content-Type: text/plain

plain
--in
Content-Type: text/html

<p>rich</p>
--in--
--out
Content-Type: application/pdf; name="../../etc/offer.pdf"
Content-Disposition: attachment
Content-Transfer-Encoding: base64

aGVsbG8=
--out
Content-Type: message/rfc822

From: b@x.example
Subject: before

was so
--out--
)");
  EXPECT_EQ(mail.text, "plain");
  ASSERT_THAT(mail.attachments, SizeIs(2));
  EXPECT_EQ(mail.attachments[0].filename, "offer.pdf");
  EXPECT_EQ(mail.attachments[0].media_type, "application/pdf");
  EXPECT_EQ(mail.attachments[0].content, "hello");
  EXPECT_EQ(mail.attachments[1].media_type, "message/rfc822");
  EXPECT_EQ(mail.attachments[1].filename, "before");
  EXPECT_THAT(mail.attachments[1].content, HasSubstr("was so"));
}

TEST(ReceivedMail, ReadsTheTextOfHtml) {
  const ReceivedMail mail = Parsed(R"(From: a@x.example
Content-Type: text/html; charset=utf-8

<html><head><title>no</title><style>p {color: red}</style></head><body>
<p>Hello   <b>Ada</b> &amp; all,</p><script>steal()</script><div>the offer<br>is here.</div>
</body></html>
)");
  EXPECT_EQ(mail.text, "Hello Ada & all,\nthe offer\nis here.");
}

TEST(ReceivedMail, KnowsABounceAndWhomItDidNotReach) {
  const ReceivedMail mail = Parsed(R"(From: MAILER-DAEMON@mx.example
Message-ID: <bounce@mx.example>
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary=r

--r
Content-Type: text/plain

It did not arrive.
--r
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; gone@x.example
Action: failed
Status: 5.1.1 (unknown)

Final-Recipient: rfc822;full@x.example
Action: delayed
Status: 4.2.2

Final-Recipient: rfc822; fine@x.example
Action: delivered
Status: 2.0.0
--r
Content-Type: text/rfc822-headers

From: crm@acme.example
Message-ID: <sent@acme.example>
--r--
)");
  EXPECT_EQ(mail.kind, MailKind::kBounce);
  ASSERT_THAT(mail.failures, SizeIs(2));
  EXPECT_EQ(mail.failures[0].address, "gone@x.example");
  EXPECT_EQ(mail.failures[0].status, "5.1.1");
  EXPECT_TRUE(mail.failures[0].is_permanent);
  EXPECT_EQ(mail.failures[1].address, "full@x.example");
  EXPECT_FALSE(mail.failures[1].is_permanent);
  EXPECT_TRUE(mail.failures[0].is_final);
  EXPECT_FALSE(mail.failures[1].is_final) << "it is tried again";
  EXPECT_EQ(mail.failed_message_id, "sent@acme.example");
}

TEST(ReceivedMail, KnowsWhatNoPersonWrote) {
  EXPECT_EQ(Parsed("From: a@x.example\nAuto-Submitted: auto-replied (vacation)\n\nAway\n").kind,
            MailKind::kAutomatic);
  EXPECT_EQ(Parsed("From: a@x.example\nAuto-Submitted: no\n\nHere\n").kind, MailKind::kPersonal);
  EXPECT_EQ(Parsed("From: a@x.example\nPrecedence: auto_reply\n\nAway\n").kind,
            MailKind::kAutomatic);
  EXPECT_EQ(Parsed("From: a@x.example\nReturn-Path: <>\n\nAway\n").kind, MailKind::kAutomatic);
  EXPECT_EQ(Parsed("From: a@x.example\nReturn-Path: <a@x.example>\n\nHere\n").kind,
            MailKind::kPersonal);
  EXPECT_EQ(Parsed("From: Mail <MAILER-DAEMON@x.example>\n\nUndelivered\n").kind,
            MailKind::kAutomatic);
  EXPECT_EQ(Parsed("From: a@x.example\nContent-Type: multipart/report; boundary=r; "
                   "report-type=disposition-notification\n\n--r\n\nIt was read.\n--r--\n")
                .kind,
            MailKind::kAutomatic);
  EXPECT_EQ(Parsed("From: a@x.example\nList-Id: <news.x.example>\n\nNews\n").kind, MailKind::kBulk);
  EXPECT_EQ(Parsed("From: a@x.example\nList-Unsubscribe: <mailto:no@x.example>\n\nNews\n").kind,
            MailKind::kBulk);
}

TEST(ReceivedMail, ReadsMalformedMailAsFarAsItCan) {
  const ReceivedMail mail = Parsed(
      "From: a@x.example\nDate: yesterday\nContent-Type: multipart/mixed; boundary=never\n\nlost");
  EXPECT_EQ(mail.from.address, "a@x.example");
  EXPECT_FALSE(mail.time.has_value());
  EXPECT_THAT(mail.defects,
              testing::IsSupersetOf({"It has no Message-ID.", "Its date cannot be read."}));
  const ReceivedMail unknown =
      Parsed("From: a@x.example\nContent-Type: text/plain; charset=klingon\n\nqapla \xE9\n");
  EXPECT_THAT(unknown.text, HasSubstr("qapla"));
  EXPECT_EQ(Parsed("Subject: to nobody\n\nfrom nobody").from.address, "");
  const ReceivedMail none = Parsed("\x01\x02 no mail at all\x1b[2J");
  EXPECT_EQ(none.text, " no mail at all[2J");
  EXPECT_THAT(none.defects, ElementsAre("It begins with no header."));
}

TEST(ReceivedMail, DoesNotAnswerItself) {
  const ReceivedMail mail = Parsed(
      "From: a@x.example\nMessage-ID: <1@x>\nReferences: <1@x> <2@x> <2@x>\nIn-Reply-To: "
      "<1@x>\n\n.");
  EXPECT_THAT(mail.references, ElementsAre("2@x"));
}

// Deeper, longer and of more parts than mail is.
TEST(ReceivedMail, RefusesABomb) {
  const auto code = [](const std::string& raw) { return ParseMail(raw).status().code(); };
  EXPECT_EQ(code(absl::StrCat("A: ", std::string(kMailHeaderBytesMax, 'x'), "\r\n\r\n.")),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(absl::StrCat("From: a@x\r\n\r\n", std::string(kMailBytesMax, 'x'))),
            absl::StatusCode::kInvalidArgument);
  for (const int depth : {kMailDepthMax + 2, 100, 20000}) {
    std::string deep = "From: a@x.example\r\n";
    for (int i = 0; i < depth; ++i) {
      absl::StrAppend(&deep, "Content-Type: multipart/mixed; boundary=b", i, "\r\n\r\n--b", i,
                      "\r\n");
    }
    EXPECT_EQ(code(deep), absl::StatusCode::kInvalidArgument) << depth;
  }
  std::string wide = "From: a@x.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i <= kMailPartsMax; ++i) {
    absl::StrAppend(&wide, "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n");
  }
  EXPECT_EQ(code(wide), absl::StatusCode::kInvalidArgument);
  std::string forwarded = "From: a@x.example\r\n";
  for (int i = 0; i < 20000; ++i) {
    absl::StrAppend(&forwarded, "Content-Type: message/rfc822\r\n\r\n");
  }
  EXPECT_EQ(code(forwarded), absl::StatusCode::kInvalidArgument);
  const ReceivedMail html = Parsed(absl::StrCat("From: a@x.example\nContent-Type: text/html\n\n",
                                                "deep", std::string(100000, '<'), "<div>"));
  EXPECT_FALSE(html.is_text_cut);
  const ReceivedMail text =
      Parsed(absl::StrCat("From: a@x.example\n\n", std::string(2 * kMailTextMax, 'x')));
  EXPECT_TRUE(text.is_text_cut);
  EXPECT_EQ(text.text.size(), static_cast<size_t>(kMailTextMax));
}

TEST(BaseSubject, LosesWhatAnswersPutBeforeIt) {
  EXPECT_EQ(BaseSubject("RE: AW: Re[4]: Fwd: WG: Offer"), "Offer");
  EXPECT_EQ(BaseSubject("Regarding: the offer"), "Regarding: the offer");
  EXPECT_EQ(BaseSubject("re"), "re");
  EXPECT_EQ(BaseSubject("Re: "), "");
}

TEST(MailStatus, IsOfThreeNumbers) {
  for (const char* status : {"5.1.1", "4.4.1", "2.0.0", "5.123.999"}) {
    EXPECT_TRUE(IsMailStatus(status)) << status;
  }
  for (const char* text : {"", "5", "5.1", "5.1.", "5..1", "5.1.1.1", "3.1.1", "55.1.1", "5.1234.1",
                           "5.1.a", " 5.1.1", "5.1.1 ", "-5.1.1", "ada"}) {
    EXPECT_FALSE(IsMailStatus(text)) << text;
  }
}

}  // namespace
}  // namespace kith
