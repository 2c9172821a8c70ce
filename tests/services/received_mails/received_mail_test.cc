#include "services/received_mails/received_mail.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/testing/decider_spec.h"

namespace kith::received_mails {
namespace {

using testing::kBegin;
using testing::Proto;

ReceivedMail Mail() {
  ReceivedMail mail;
  mail.message_id = "1@x.example";
  mail.from = {"Ada Lovelace", "ada@x.example"};
  mail.subject = "Offer";
  mail.text = "When?";
  mail.time = kBegin;
  return mail;
}

// TH-5: what is the same, and what is not.
TEST(ContentHash, IsOfWhatTheWriterSays) {
  const std::string hash = ContentHash(Mail());
  EXPECT_EQ(hash.size(), 64u);
  ReceivedMail same = Mail();
  same.to = {{"Sales", "sales@acme.example"}};
  same.references = {"0@x.example"};
  same.from.name = "Ada";
  EXPECT_EQ(ContentHash(same), hash);
  for (const auto& change : std::vector<std::function<void(ReceivedMail&)>>{
           [](ReceivedMail& mail) { mail.message_id = "2@x.example"; },
           [](ReceivedMail& mail) { mail.from.address = "eve@x.example"; },
           [](ReceivedMail& mail) { mail.subject = "Offers"; },
           [](ReceivedMail& mail) { mail.text = "When? Now."; },
           [](ReceivedMail& mail) { mail.time = kBegin + absl::Seconds(1); },
           [](ReceivedMail& mail) { mail.time.reset(); },
           [](ReceivedMail& mail) {
             mail.failures = {{"ada@x.example", "5.1.1", true}};
           },
           [](ReceivedMail& mail) {  // the same letters, elsewhere
             mail.subject = "OfferW";
             mail.text = "hen?";
           }}) {
    ReceivedMail other = Mail();
    change(other);
    EXPECT_NE(ContentHash(other), hash);
  }
}

TEST(WrittenAt, IsWhatTheMailSaysUnlessThatCannotBe) {
  ReceivedMail mail = Mail();
  const absl::Time now = kBegin + absl::Hours(1);
  EXPECT_EQ(WrittenAt(mail, now), kBegin);
  mail.time = now + absl::Seconds(1);
  EXPECT_EQ(WrittenAt(mail, now), now);
  mail.time = absl::FromCivil(absl::CivilDay(1989, 12, 31), absl::UTCTimeZone());
  EXPECT_EQ(WrittenAt(mail, now), now);
  mail.time.reset();
  EXPECT_EQ(WrittenAt(mail, now), now);
}

TEST(ContactOf, TakesNamesApart) {
  const auto names = [](const std::string& name) {
    const contacts::v1::Contact contact = ContactOf({name, "ada@x.example"});
    EXPECT_EQ(contact.emails(0).address(), "ada@x.example");
    return absl::StrCat(contact.first_name(), "|", contact.last_name());
  };
  EXPECT_EQ(names("Ada King Lovelace"), "Ada King|Lovelace");
  EXPECT_EQ(names("Lovelace, Ada"), "Ada|Lovelace");
  EXPECT_EQ(names("Ada"), "Ada|");
  EXPECT_EQ(names(""), "|");
  EXPECT_EQ(names("ada@x.example"), "|");
  EXPECT_EQ(names(absl::StrCat(std::string(127, 'a'), "ü b")),
            absl::StrCat(std::string(127, 'a'), "|b"));
}

TEST(ResourceOf, KeepsWhatIsAttachedByItsNameAndSize) {
  ReceivedMail mail = Mail();
  mail.kind = MailKind::kBounce;
  mail.references = {"0@x.example"};
  mail.failed_message_id = "sent@acme.example";
  mail.attachments = {{"offer.pdf", "application/pdf", "", "hello"}, {"", "\xFF/x", "", ""}};
  mail.failures = {{"gone@x.example", "5.1.1", true}};
  mail.defects = {"It has no date.", "It has no date."};
  mail.is_text_cut = true;
  const v1::ReceivedMail told = ResourceOf(mail, 99);
  EXPECT_EQ(told.DebugString(), Proto<v1::ReceivedMail>(R"(
      kind: BOUNCE
      message_id: "1@x.example"
      references: "0@x.example"
      references: "sent@acme.example"
      sender { display_name: "Ada Lovelace" address: "ada@x.example" }
      subject: "Offer"
      text: "When?"
      attachments { filename: "offer.pdf" media_type: "application/pdf" size_bytes: 5 }
      attachments {}
      failures { address: "gone@x.example" status: "5.1.1" permanent: true }
      defects: "It has no date."
      defects: "Its text is longer than 256 KiB, and was cut."
      size_bytes: 99
      mail_time { seconds: 1704067200 })")
                                    .DebugString());
}

TEST(Received, IsSealedForTheContactElseForTheReviewElseForItself) {
  v1::ReceivedMail mail;
  mail.set_subject("Offer");
  mail.set_kind(v1::PERSONAL);
  EXPECT_EQ(Received("receivedMails/1", mail).mail_received().person(), "receivedMails/1");
  mail.set_capture_review("captureReviews/1");
  EXPECT_EQ(Received("receivedMails/1", mail).mail_received().person(), "captureReviews/1");
  mail.set_contact("contacts/1");
  const v1::ReceivedMailEvent event = Received("receivedMails/1", mail);
  EXPECT_EQ(event.mail_received().person(), "contacts/1");
  EXPECT_EQ(event.mail_received().received_mail().subject(), "");
  EXPECT_EQ(event.mail_received().personal().DebugString(), "subject: \"Offer\"\n");
}

}  // namespace
}  // namespace kith::received_mails
