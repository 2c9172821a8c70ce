// Received mails over the whole server: whom each is with, what follows from it, and who is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "kith/captures/v1/capture_reviews_service.grpc.pb.h"
#include "tests/services/received_mails/received_mails_fixture.h"

namespace kith::received_mails {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(ReceivedMailsTest, RecordsWhatAPersonWroteWithANewContact) {
  const v1::ReceivedMail mail = Receive(FromAda("1"));
  EXPECT_EQ(mail.kind(), v1::PERSONAL);
  EXPECT_EQ(mail.outcome(), v1::RECORDED);
  EXPECT_EQ(mail.direction(), interactions::v1::INBOUND);
  EXPECT_EQ(mail.message_id(), "1@x.example");
  EXPECT_EQ(mail.sender().address(), "ada@x.example");
  EXPECT_EQ(mail.to(0).display_name(), "Sales");
  EXPECT_EQ(mail.subject(), "Offer");
  EXPECT_EQ(mail.text(), "");
  const Contact ada = GetContact(mail.contact());
  EXPECT_EQ(ada.display_name(), "Ada Lovelace");
  EXPECT_EQ(ada.emails(0).address(), "ada@x.example");
  EXPECT_EQ(ada.source(), "mail");
  const Interaction interaction = GetInteraction(mail.interaction());
  EXPECT_EQ(interaction.kind(), interactions::v1::EMAIL);
  EXPECT_EQ(interaction.direction(), interactions::v1::INBOUND);
  EXPECT_EQ(interaction.subject(), "Offer");
  EXPECT_EQ(interaction.body(), "When?");
  EXPECT_EQ(interaction.occur_time().seconds(), 1'699'089'300);
  EXPECT_EQ(mail.mail_time().seconds(), 1'699'089'300);
  EXPECT_EQ(Get(mail.name())->DebugString(), mail.DebugString());

  const v1::ReceivedMail second = Receive(FromAda("2"));
  EXPECT_EQ(second.contact(), mail.contact());
  EXPECT_EQ(CountContacts(), 1);
  EXPECT_EQ(List(mail.contact())->received_mails_size(), 2);
  EXPECT_EQ(
      List("", absl::StrCat("interaction = '", mail.interaction(), "'"))->received_mails_size(), 1);
  const v1::ReceivedMail listed = List(mail.contact())->received_mails(0);
  EXPECT_EQ(listed.subject(), "Offer");
  EXPECT_EQ(listed.sender().address(), "ada@x.example");
  EXPECT_EQ(listed.to_size(), 0) << "that is for who reads the mail itself";
}

// TH-5: the same Message-ID with the same content is one mail, with another content it is two.
TEST_F(ReceivedMailsTest, ReceivesTheSameMailOnce) {
  const v1::ReceivedMail first = Receive(FromAda("1", "Received: from mx1.example\n"));
  const auto again = TryReceive(FromAda("1", "Received: from mx2.example\n"), "another");
  EXPECT_EQ(again.reason(), "");
  EXPECT_EQ(again->DebugString(), first.DebugString());
  EXPECT_EQ(List("")->received_mails_size(), 1);
  const v1::ReceivedMail other = Receive(FromAda("1", "", "Otherwise"));
  EXPECT_NE(other.name(), first.name());
  EXPECT_NE(other.interaction(), first.interaction());
  EXPECT_EQ(List("", "message_id = '1@x.example'")->received_mails_size(), 2);
}

// A scanner gives its mails neither an id nor a text.
TEST_F(ReceivedMailsTest, TellsMailsWithoutAnIdApartByWhatIsAttached) {
  const auto scan = [](const char* content) {
    return absl::StrCat(
        "From: scanner@x.example\nContent-Type: application/pdf\n"
        "Content-Disposition: attachment; filename=\"scan.pdf\"\n\n",
        content, "\n");
  };
  const v1::ReceivedMail first = Receive(scan("one"));
  EXPECT_NE(Receive(scan("two")).name(), first.name());
  EXPECT_EQ(Receive(scan("one")).name(), first.name());
}

TEST_F(ReceivedMailsTest, AnswersARepeatedRequestAsTheFirst) {
  const auto first = TryReceive(FromAda("1"), "once");
  EXPECT_EQ(TryReceive(FromAda("1"), "once")->DebugString(), first->DebugString());
  EXPECT_EQ(TryReceive(FromAda("2"), "once").reason(), "REQUEST_ID_REUSED");
}

TEST_F(ReceivedMailsTest, WaitsForAReviewWhereSeveralHaveTheAddress) {
  for (const char* const address : {"ada@x.example", "ADA@x.example"}) {
    CreateContact(absl::StrCat("first_name: 'Ada' last_name: 'Lovelace' emails { address: '",
                               address, "' }"));
  }
  const v1::ReceivedMail mail = Receive(FromAda("1"));
  EXPECT_EQ(mail.outcome(), v1::IN_REVIEW);
  EXPECT_EQ(mail.contact(), "");
  EXPECT_EQ(mail.text(), "");
  captures::v1::GetCaptureReviewRequest get;
  get.set_name(mail.capture_review());
  const auto review = Made(&captures::v1::CaptureReviewsService::Stub::GetCaptureReview, get);
  EXPECT_EQ(review.interaction().body(), "When?");
  ASSERT_EQ(review.candidates_size(), 2);

  // Somebody says who it is.
  captures::v1::ResolveCaptureReviewRequest resolve;
  resolve.set_name(mail.capture_review());
  resolve.set_resolution(captures::v1::EXISTING_CONTACT);
  resolve.set_contact(review.candidates(1).contact());
  Made(&captures::v1::CaptureReviewsService::Stub::ResolveCaptureReview, resolve);
  const auto resolved = Get(mail.name());
  EXPECT_EQ(resolved->outcome(), v1::RECORDED);
  EXPECT_EQ(resolved->contact(), resolve.contact());
  EXPECT_EQ(GetInteraction(resolved->interaction()).body(), "When?");
  EXPECT_EQ(resolved->subject(), "Offer");
  EXPECT_EQ(List(resolve.contact())->received_mails_size(), 1);
  const v1::ReadMailThreadResponse thread = ReadThread(mail.name());
  ASSERT_EQ(thread.items_size(), 1);
  EXPECT_EQ(thread.items(0).contact(), resolve.contact());
  EXPECT_EQ(thread.items(0).interaction().body(), "When?");

  // Then it is theirs, and goes with them.
  ASSERT_TRUE(server_.keys().Destroy(server_.workspace(), resolve.contact()).ok());
  EXPECT_EQ(Get(mail.name())->subject(), "");
  EXPECT_TRUE(Get(mail.name())->erased());
  EXPECT_EQ(ReadThread(mail.name()).items(0).received_mail().subject(), "");
  EXPECT_EQ(ReadThread(mail.name()).items(0).subject(), "");
  EXPECT_EQ(List(resolve.contact())->received_mails(0).subject(), "");
  const auto emptied = GetThread(mail.name());
  EXPECT_EQ(emptied->subject(), "");
  EXPECT_FALSE(emptied->has_sender());
  EXPECT_TRUE(emptied->erased());
}

// Goal: what the mail says of its sender is not gone with the review.
TEST_F(ReceivedMailsTest, TellsBelowItsTextWhatTheContactDoesNotTake) {
  CreateContact("first_name: 'Ada' emails { address: 'ada@x.example' }");
  CreateContact("first_name: 'Ada B' emails { address: 'ada@x.example' }");
  const std::string grace = CreateContact("first_name: 'Grace' last_name: 'Lovelace'");
  const v1::ReceivedMail mail = Receive(FromAda("1"));
  captures::v1::ResolveCaptureReviewRequest resolve;
  resolve.set_name(mail.capture_review());
  resolve.set_resolution(captures::v1::EXISTING_CONTACT);
  resolve.set_contact(grace);
  const auto resolved =
      Made(&captures::v1::CaptureReviewsService::Stub::ResolveCaptureReview, resolve);
  EXPECT_EQ(GetInteraction(resolved.recorded_interaction()).body(),
            "When?\n\nFirst name: Ada\nE-mail address: ada@x.example");
  EXPECT_EQ(GetContact(grace).emails_size(), 0);
}

TEST_F(ReceivedMailsTest, KeepsWhatIsSaidToBeNobodys) {
  CreateContact("first_name: 'Ada' emails { address: 'ada@x.example' }");
  CreateContact("first_name: 'Ada B' emails { address: 'ada@x.example' }");
  const v1::ReceivedMail mail = Receive(FromAda("1"));
  captures::v1::ResolveCaptureReviewRequest resolve;
  resolve.set_name(mail.capture_review());
  resolve.set_resolution(captures::v1::NOBODY);
  Made(&captures::v1::CaptureReviewsService::Stub::ResolveCaptureReview, resolve);
  const auto discarded = Get(mail.name());
  EXPECT_EQ(discarded->outcome(), v1::KEPT);
  EXPECT_EQ(discarded->keep_reason(), v1::DISCARDED);
  EXPECT_EQ(discarded->interaction(), "");
}

TEST_F(ReceivedMailsTest, RecordsWhatAUserWroteWithWhomTheyWroteTo) {
  CreateUser("marta@acme.example");
  CreateUser("priya@acme.example");
  const std::string bob = CreateContact("first_name: 'Bob' emails { address: 'bob@y.example' }");
  const v1::ReceivedMail mail = Receive(
      "From: Marta <MARTA@acme.example>\nTo: priya@acme.example, Ada <ada@x.example>\n"
      "Cc: bob@y.example, stranger@z.example, bob@y.example\nSubject: Offer\n"
      "Message-ID: <1@acme.example>\n\nHere it is.\n");
  EXPECT_EQ(mail.direction(), interactions::v1::OUTBOUND);
  EXPECT_EQ(GetContact(mail.contact()).first_name(), "Ada");
  const Interaction interaction = GetInteraction(mail.interaction());
  EXPECT_EQ(interaction.direction(), interactions::v1::OUTBOUND);
  EXPECT_THAT(interaction.links(), ElementsAre(bob));
  EXPECT_EQ(CountContacts(), 2) << "who has a copy and is nobody's contact becomes none";

  const v1::ReceivedMail internal = Receive(
      "From: marta@acme.example\nTo: priya@acme.example\nMessage-ID: <2@acme.example>\n\nLunch?\n");
  EXPECT_EQ(internal.outcome(), v1::KEPT);
  EXPECT_EQ(internal.keep_reason(), v1::INTERNAL);
  EXPECT_EQ(internal.text(), "Lunch?");
}

TEST_F(ReceivedMailsTest, RecordsNothingOfWhatNoPersonWrote) {
  const std::string ada = CreateContact("first_name: 'Ada' emails { address: 'ada@x.example' }");
  const v1::ReceivedMail away = Receive(FromAda("1", "Auto-Submitted: auto-replied\n"));
  EXPECT_EQ(away.kind(), v1::AUTOMATIC);
  EXPECT_EQ(away.outcome(), v1::KEPT);
  EXPECT_EQ(away.keep_reason(), v1::NOT_PERSONAL);
  EXPECT_EQ(away.contact(), ada);
  EXPECT_EQ(away.interaction(), "");
  EXPECT_EQ(away.text(), "When?");
  const v1::ReceivedMail news = Receive(
      "From: news@y.example\nList-Id: <news.y.example>\nMessage-ID: <2@y.example>\n\nNews\n");
  EXPECT_EQ(news.kind(), v1::BULK);
  EXPECT_EQ(news.contact(), "");
  EXPECT_EQ(CountContacts(), 1);
  EXPECT_EQ(List("", "kind = BULK")->received_mails_size(), 1);
  EXPECT_EQ(List(ada)->received_mails_size(), 1);
}

TEST_F(ReceivedMailsTest, KeepsWhatCannotBeReadWithWhatIsWrongWithIt) {
  const v1::ReceivedMail nobody = Receive("Subject: Hello\n\nfrom nobody\n");
  EXPECT_EQ(nobody.outcome(), v1::KEPT);
  EXPECT_EQ(nobody.keep_reason(), v1::NO_SENDER);
  EXPECT_EQ(nobody.text(), "from nobody");
  EXPECT_THAT(nobody.defects(), Contains(HasSubstr("who it is from")));
  EXPECT_THAT(nobody.defects(), Contains("It has no Message-ID."));
  EXPECT_EQ(Receive("From: not an address\nMessage-ID: <1@x>\n\nx\n").keep_reason(), v1::NO_SENDER);
  const v1::ReceivedMail garbage = Receive("\x01\x02 no mail \xFF at all");
  EXPECT_EQ(garbage.outcome(), v1::KEPT);
  EXPECT_THAT(garbage.text(), HasSubstr("no mail"));
  EXPECT_THAT(garbage.defects(), ElementsAre("It begins with no header."));
  const v1::ReceivedMail cut = Receive(
      "From: ada@x.example\nDate: yesterday\nContent-Type: multipart/mixed; "
      "boundary=never\n\nlost");
  EXPECT_EQ(cut.outcome(), v1::RECORDED);
  EXPECT_FALSE(cut.has_mail_time());
  EXPECT_EQ(GetInteraction(cut.interaction()).occur_time().seconds(),
            absl::ToUnixSeconds(server_.clock().Now()));
  // Control characters, and as much text as there may be.
  const v1::ReceivedMail odd =
      Receive(FromAda("odd", "", absl::StrCat("\x1b[2J\x07", std::string(300'000, 'x'))));
  EXPECT_EQ(odd.outcome(), v1::RECORDED);
  EXPECT_EQ(GetInteraction(odd.interaction()).body().size(), 262'144u);
}

TEST_F(ReceivedMailsTest, IsRefusedOnlyWhereItIsTooLarge) {
  std::string wide = "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n";
  for (int i = 0; i <= 200; ++i) absl::StrAppend(&wide, "--b\nContent-Type: text/plain\n\nx\n");
  const auto refused = TryReceive(wide);
  EXPECT_EQ(refused.reason(), "MAIL_TOO_LARGE");
  EXPECT_THAT(refused.status.error_message(), HasSubstr("more than 200 parts"));
  EXPECT_THAT(TryReceive("").fields(), ElementsAre("raw"));
  std::string largest = FromAda("large", "", std::string(3 << 20, 'x'));
  EXPECT_EQ(Receive(largest).outcome(), v1::RECORDED);
}

// What is sealed is found by nothing, and that is said.
TEST_F(ReceivedMailsTest, IsNotFoundByWhatIsPersonal) {
  Receive(FromAda("1", "", "Hello"));
  for (const char* const filter :
       {"subject = \"x\"", "text:Hello", "kind = PERSONAL AND NOT sender.address = \"a\""}) {
    const auto refused = List("", filter);
    EXPECT_EQ(refused.reason(), "INVALID_FILTER") << filter;
    EXPECT_THAT(refused.status.error_message(), HasSubstr("is personal, and stays sealed"));
  }
  v1::ListReceivedMailsRequest ordered;
  ordered.set_order_by("subject desc");
  EXPECT_EQ(server_.Call(&Mails::ListReceivedMails, ordered).reason(), "INVALID_FILTER");
  EXPECT_EQ(List("", "kind = PERSONAL")->received_mails_size(), 1);
}

TEST_F(ReceivedMailsTest, MarksTheAddressThatAMessageDidNotReach) {
  const std::string ada = CreateContact(
      "first_name: 'Ada' emails { address: 'Ada@x.example' } emails { address: 'b@x.example' }");
  const std::string message = Send(ada, "<sent@acme.example>");
  const v1::ReceivedMail late =
      Receive(BounceOf("<sent@acme.example>", {{"ada@x.example", kDelayed}}));
  EXPECT_EQ(late.kind(), v1::BOUNCE);
  EXPECT_EQ(late.message(), message);
  EXPECT_FALSE(GetContact(ada).emails(0).undeliverable());
  const auto report = [&] {
    return server_
        .Call(&MessagesService::Stub::GetMessageReport, messages::v1::GetMessageReportRequest())
        .response;
  };
  EXPECT_EQ(report().delivered(), 1) << "it is tried again";
  Receive(BounceOf("<sent@acme.example>", {{"ada@x.example", "4.2.2"}}));
  EXPECT_EQ(report().soft_bounced(), 1);
  EXPECT_FALSE(GetContact(ada).emails(0).undeliverable());

  const v1::ReceivedMail gone = Receive(
      BounceOf("<sent@acme.example>", {{"ada@x.example", "5.1.1"}, {"eve@x.example", "5.1.1"}}));
  EXPECT_EQ(gone.outcome(), v1::KEPT);
  EXPECT_EQ(gone.message(), message);
  EXPECT_EQ(report().delivered(), 0);
  EXPECT_EQ(report().soft_bounced(), 0);
  EXPECT_EQ(report().hard_bounced(), 1);
  EXPECT_EQ(gone.contact(), ada);
  ASSERT_EQ(gone.failures_size(), 2);
  EXPECT_TRUE(gone.failures(0).permanent());
  EXPECT_THAT(gone.references(), ElementsAre("sent@acme.example"));
  EXPECT_TRUE(GetContact(ada).emails(0).undeliverable());
  EXPECT_FALSE(GetContact(ada).emails(1).undeliverable());
  messages::v1::SendMessageRequest send;
  send.set_contact(ada);
  send.set_subject("Again");
  send.set_text("Here it is.");
  EXPECT_EQ(server_.Call(&MessagesService::Stub::SendMessage, send).reason(),
            "ADDRESS_UNDELIVERABLE");
  EXPECT_EQ(CountContacts(), 1);
}

TEST_F(ReceivedMailsTest, CountsABounceThatSaysInNoNumberWhy) {
  const std::string message =
      Send(CreateContact("first_name: 'Ada' emails { address: 'ada@x.example' }"),
           "<sent@acme.example>");
  Receive(BounceOf("<sent@acme.example>", {{"ada@x.example", "unknown-ada"}}));
  messages::v1::GetMessageRequest get;
  get.set_name(message);
  const auto bounced = Made(&MessagesService::Stub::GetMessage, get);
  EXPECT_EQ(bounced.bounce(), messages::v1::HARD);
  EXPECT_EQ(bounced.bounce_status(), "");
}

// Goal: nobody stops mail to a person by a report about what was never sent.
TEST_F(ReceivedMailsTest, MarksNothingByAForgedBounce) {
  const std::string ada = CreateContact("first_name: 'Ada' emails { address: 'ada@x.example' }");
  Send(ada, "<sent@acme.example>");
  const v1::ReceivedMail forged =
      Receive(BounceOf("<guessed@acme.example>", {{"ada@x.example", "5.1.1"}}));
  EXPECT_EQ(forged.kind(), v1::BOUNCE);
  EXPECT_EQ(forged.message(), "");
  EXPECT_EQ(forged.contact(), "");
  EXPECT_FALSE(GetContact(ada).emails(0).undeliverable());
  // Of a message that went to somebody else.
  Send(CreateContact("first_name: 'Bob' emails { address: 'bob@y.example' }"), "<b@acme.example>");
  Receive(BounceOf("<b@acme.example>", {{"ada@x.example", "5.1.1"}}));
  EXPECT_FALSE(GetContact(ada).emails(0).undeliverable());
}

TEST_F(ReceivedMailsTest, KnowsItsOwnMailAgain) {
  const std::string ada = CreateContact("first_name: 'Ada' emails { address: 'ada@x.example' }");
  const std::string message = Send(ada, "<sent@acme.example>");
  const v1::ReceivedMail back = Receive(
      "From: crm@acme.example\nTo: ada@x.example\nMessage-ID: <sent@acme.example>\n\nHere it "
      "is.\n");
  EXPECT_EQ(back.outcome(), v1::KEPT);
  EXPECT_EQ(back.keep_reason(), v1::OWN_MAIL);
  EXPECT_EQ(back.message(), message);
  EXPECT_EQ(back.contact(), ada);
  const v1::ReceivedMail notice =
      Receive(absl::StrCat("From: crm@acme.example\nTo: marta@acme.example\nMessage-ID: <1-7-0.",
                           absl::BytesToHexString(server_.runtime().log.store_id()),
                           "@acme.example>\n\nA task is due.\n"));
  EXPECT_EQ(notice.keep_reason(), v1::OWN_MAIL);
  EXPECT_EQ(CountContacts(), 1);
}

TEST_F(ReceivedMailsTest, AsksForWhatFollows) {
  const auto receive = [&](const std::vector<std::string>& permissions) {
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Mail");
    for (const std::string& one : permissions) key.mutable_api_key()->add_permissions(one);
    v1::ReceiveMailRequest request;
    request.set_raw(FromAda("1"));
    return server_
        .CallWith(Made(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key).secret(),
                  &Mails::ReceiveMail, request)
        .reason();
  };
  EXPECT_EQ(receive({"captures.write", "interactions.write", "contacts.write"}),
            "PERMISSION_DENIED");
  EXPECT_EQ(receive({"received_mails.write"}), "PERMISSION_DENIED");
  EXPECT_EQ(receive({"received_mails.write", "captures.write", "interactions.write"}),
            "PERMISSION_DENIED");
  EXPECT_EQ(List("")->received_mails_size(), 0);
  EXPECT_EQ(
      receive({"received_mails.write", "captures.write", "interactions.write", "contacts.write"}),
      "");
}

TEST_F(ReceivedMailsTest, AreToldOnlyToWhoSeesTheContact) {
  const std::string marta = CreateUser("marta@acme.example", "roles/sales-rep");
  const std::string other = CreateUser("other@acme.example", "roles/sales-rep");
  const std::string key = KeyOf(marta);
  CreateContact(
      absl::StrCat("owner: '", marta, "' emails { address: 'ada@x.example' } first_name: 'Ada'"));
  CreateContact(
      absl::StrCat("owner: '", other, "' emails { address: 'bob@x.example' } first_name: 'Bob'"));
  const v1::ReceivedMail hers = Receive(FromAda("1"));
  server_.clock().Advance(absl::Seconds(1));
  const v1::ReceivedMail theirs =
      Receive("From: bob@x.example\nMessage-ID: <2@x.example>\nReferences: <1@x.example>\n\nNo.\n");
  const v1::ReceivedMail nobodys = Receive("Subject: x\nMessage-ID: <3@x.example>\n\nx\n");
  EXPECT_EQ(Get(hers.name(), key).reason(), "");
  EXPECT_EQ(Get(theirs.name(), key).reason(), "RECEIVED_MAIL_NOT_FOUND");
  EXPECT_EQ(Get(nobodys.name(), key).reason(), "RECEIVED_MAIL_NOT_FOUND");
  EXPECT_EQ(Get("receivedMails/none").reason(), "RECEIVED_MAIL_NOT_FOUND");
  EXPECT_EQ(List(hers.contact(), "", key)->received_mails_size(), 1);
  EXPECT_EQ(List(theirs.contact(), "", key).reason(), "LINKED_RECORD_NOT_FOUND");
  EXPECT_THAT(List("", "", key).fields(), ElementsAre("parent"));
  EXPECT_EQ(List("")->received_mails_size(), 3);
  // A thread shows as much of itself.
  EXPECT_EQ(ReadThread(hers.name()).items_size(), 2);
  const v1::ReadMailThreadResponse part = ReadThread(hers.name(), key);
  ASSERT_EQ(part.items_size(), 1);
  EXPECT_EQ(part.items(0).name(), hers.name());
  const auto whole = GetThread(hers.name());
  EXPECT_EQ(whole->mail_count(), 2);
  EXPECT_EQ(whole->last_mail(), theirs.name());
  EXPECT_EQ(whole->sender().address(), "bob@x.example");
  for (const std::string& name : {hers.name(), whole->name()}) {
    const auto seen = GetThread(name, key);
    EXPECT_EQ(seen->mail_count(), 1);
    EXPECT_EQ(seen->last_mail_time().DebugString(), seen->create_time().DebugString());
    EXPECT_EQ(seen->last_mail(), hers.name());
    EXPECT_EQ(seen->subject(), "Offer");
    EXPECT_EQ(seen->sender().address(), "ada@x.example");
    EXPECT_EQ(seen->contact(), hers.contact());
  }
  EXPECT_EQ(GetThread(theirs.name(), key).reason(), "MAIL_THREAD_NOT_FOUND");
  const auto hidden = GetThread(nobodys.name());
  EXPECT_EQ(GetThread(hidden->name(), key).reason(), "MAIL_THREAD_NOT_FOUND");
  EXPECT_EQ(server_.CallWith(key, &Threads::ListMailThreads, v1::ListMailThreadsRequest()).reason(),
            "PERMISSION_DENIED");
}

// Goal: nothing of what a person wrote outlives their key.
TEST_F(ReceivedMailsTest, AreEmptyWhenThePersonIsErased) {
  const v1::ReceivedMail mail = Receive(FromAda("1"));
  const v1::ReceivedMail away = Receive(FromAda("2", "Auto-Submitted: auto-replied\n"));
  ASSERT_EQ(away.contact(), mail.contact());
  ASSERT_TRUE(server_.keys().Destroy(server_.workspace(), mail.contact()).ok());
  for (const std::string& name : {mail.name(), away.name()}) {
    const auto left = Get(name);
    EXPECT_TRUE(left->erased());
    EXPECT_FALSE(left->has_sender());
    EXPECT_THAT(left->to(), IsEmpty());
    EXPECT_EQ(left->subject(), "");
    EXPECT_EQ(left->text(), "");
  }
  const v1::ReadMailThreadResponse thread = ReadThread(mail.name());
  ASSERT_EQ(thread.items_size(), 1);
  EXPECT_EQ(thread.items(0).interaction().body(), "");
  EXPECT_EQ(thread.items(0).received_mail().subject(), "");
}

// Two machines that answer each other: whatever comes in is kept, and nobody is answered.
TEST_F(ReceivedMailsTest, EndALoop) {
  const std::string ada = CreateContact("first_name: 'Ada' emails { address: 'ada@x.example' }");
  for (int i = 0; i < 5; ++i) {
    const v1::ReceivedMail away = Receive(FromAda(
        absl::StrCat(i), absl::StrCat("Return-Path: <>\nReferences: <", i - 1, "@x.example>\n")));
    EXPECT_EQ(away.outcome(), v1::KEPT);
    EXPECT_EQ(away.keep_reason(), v1::NOT_PERSONAL);
  }
  // And what we sent comes back as often as it likes.
  Send(ada, "<sent@acme.example>");
  for (int i = 0; i < 3; ++i) {
    const v1::ReceivedMail back = Receive(absl::StrCat(
        "Received: from mx", i,
        ".example\nFrom: crm@acme.example\nMessage-ID: <sent@acme.example>\n\nHere it is.\n"));
    EXPECT_EQ(back.keep_reason(), v1::OWN_MAIL);
  }
  EXPECT_EQ(List(ada)->received_mails_size(), 6);
}

// What would take the server's memory, or its stack, to read.
TEST_F(ReceivedMailsTest, AreRefusedWhereNothingShouldReadThem) {
  std::string groups = "From: ";
  for (int i = 0; i < 100'000; ++i) groups += "a:";
  EXPECT_EQ(TryReceive(groups + "\n\n.").reason(), "MAIL_TOO_LARGE");
  std::string headers = "From: a@x.example\nContent-Type: message/rfc822\n\n";
  for (int i = 0; i < 100'000; ++i) headers += "a:\n";
  EXPECT_EQ(TryReceive(headers).reason(), "MAIL_TOO_LARGE");
  EXPECT_EQ(List("")->received_mails_size(), 0);
}

TEST_F(ReceivedMailsTest, AreTheSameWithNewViews) {
  const v1::ReceivedMail mail = Receive(FromAda("1"));
  Receive(FromAda("2", "References: <1@x.example>\n"));
  const std::string thread = ReadThread(mail.name()).DebugString();
  server_.Restart(/*new_views=*/true);
  EXPECT_EQ(Get(mail.name())->DebugString(), mail.DebugString());
  EXPECT_EQ(ReadThread(mail.name()).DebugString(), thread);
}

}  // namespace
}  // namespace kith::received_mails
