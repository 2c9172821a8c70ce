// Received mails over the whole server: whom each is with, what follows from it, and who is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "kith/captures/v1/capture_reviews_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/messages/v1/messages_service.grpc.pb.h"
#include "kith/received_mails/v1/mail_threads_service.grpc.pb.h"
#include "kith/received_mails/v1/received_mails_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "services/core/resource_name.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::received_mails {
namespace {

using contacts::v1::Contact;
using contacts::v1::ContactsService;
using interactions::v1::Interaction;
using interactions::v1::InteractionsService;
using messages::v1::MessagesService;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Proto;
using testing::Reply;
using Mails = v1::ReceivedMailsService::Stub;
using Threads = v1::MailThreadsService::Stub;

// As mail servers hand it on: lines ended by CRLF.
std::string Wire(absl::string_view text) { return absl::StrReplaceAll(text, {{"\n", "\r\n"}}); }

// From Ada to the company, of 4 November 2023.
std::string FromAda(const std::string& id, const std::string& headers = "",
                    const std::string& text = "When?") {
  return absl::StrCat(
      "From: Ada Lovelace <ada@x.example>\nTo: Sales <sales@acme.example>\nSubject: Offer\n"
      "Date: Sat, 04 Nov 2023 10:15:00 +0100\nMessage-ID: <",
      id, "@x.example>\n", headers, "\n", text, "\n");
}

class ReceivedMailsTest : public ::testing::Test {
 protected:
  Reply<v1::ReceivedMail> TryReceive(const std::string& mail, const std::string& request_id = "") {
    v1::ReceiveMailRequest request;
    request.set_raw(Wire(mail));
    request.set_request_id(request_id);
    return server_.Call(&Mails::ReceiveMail, request);
  }
  v1::ReceivedMail Receive(const std::string& mail) {
    const auto reply = TryReceive(mail);
    EXPECT_EQ(reply.reason(), "");
    return reply.response;
  }
  template <class Method, class Request>
  auto Made(Method method, const Request& request) {
    const auto made = server_.Call(method, request);
    EXPECT_EQ(made.reason(), "");
    return made.response;
  }
  Reply<v1::ReceivedMail> Get(const std::string& name, const std::string& key = "") {
    v1::GetReceivedMailRequest request;
    request.set_name(name);
    return server_.CallWith(key.empty() ? server_.secret() : key, &Mails::GetReceivedMail, request);
  }
  Reply<v1::ListReceivedMailsResponse> List(const std::string& contact,
                                            const std::string& filter = "",
                                            const std::string& key = "") {
    v1::ListReceivedMailsRequest request;
    request.set_parent(contact);
    request.set_filter(filter);
    return server_.CallWith(key.empty() ? server_.secret() : key, &Mails::ListReceivedMails,
                            request);
  }
  std::string CreateContact(const std::string& text) {
    contacts::v1::CreateContactRequest request;
    *request.mutable_contact() = Proto<Contact>(text);
    return Made(&ContactsService::Stub::CreateContact, request).name();
  }
  Contact GetContact(const std::string& name) {
    contacts::v1::GetContactRequest request;
    request.set_name(name);
    return Made(&ContactsService::Stub::GetContact, request);
  }
  int CountContacts() {
    return Made(&ContactsService::Stub::ListContacts, contacts::v1::ListContactsRequest())
        .contacts_size();
  }
  Interaction GetInteraction(const std::string& name) {
    interactions::v1::GetInteractionRequest request;
    request.set_name(name);
    return Made(&InteractionsService::Stub::GetInteraction, request);
  }
  std::string CreateUser(const std::string& email, const std::string& role = "") {
    users::v1::CreateUserRequest request;
    request.mutable_user()->set_display_name("Marta");
    request.mutable_user()->set_email(email);
    if (!role.empty()) request.mutable_user()->add_roles(role);
    return Made(&users::v1::UsersService::Stub::CreateUser, request).name();
  }
  std::string KeyOf(const std::string& user, const std::string& permission = "*") {
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("A key");
    key.mutable_api_key()->set_user(user);
    key.mutable_api_key()->add_permissions(permission);
    return Made(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key).secret();
  }
  // A message to the contact, sent with this Message-ID.
  std::string Send(const std::string& contact, const std::string& message_id) {
    messages::v1::SendMessageRequest send;
    send.set_contact(contact);
    send.set_subject("Offer");
    send.set_text("Here it is.");
    const std::string name = Made(&MessagesService::Stub::SendMessage, send).name();
    messages::v1::RecordMessageSentRequest record;
    record.set_name(name);
    record.set_message_id(message_id);
    Made(&MessagesService::Stub::RecordMessageSent, record);
    return name;
  }
  // That mail to these did not arrive, or with kDelayed not yet.
  static constexpr char kDelayed[] = "4.4.1";
  static std::string BounceOf(const std::string& message_id,
                              const std::vector<std::pair<const char*, const char*>>& failures) {
    std::string report = absl::StrCat(
        "From: MAILER-DAEMON@mx.example\nTo: crm@acme.example\nMessage-ID: <bounce@mx.example>\n"
        "Auto-Submitted: auto-replied\nSubject: Undelivered\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=r\n\n--r\n"
        "Content-Type: text/plain\n\nIt could not be delivered.\n--r\n"
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n");
    for (const auto& [address, status] : failures) {
      const bool is_delayed = absl::string_view(status) == kDelayed;
      absl::StrAppend(&report, "Final-Recipient: rfc822; ", address,
                      "\nAction: ", is_delayed ? "delayed" : "failed", "\nStatus: ", status,
                      "\n\n");
    }
    absl::StrAppend(&report, "--r\nContent-Type: text/rfc822-headers\n\nMessage-ID: ", message_id,
                    "\nSubject: Offer\n\n--r--\n");
    return report;
  }
  v1::ReadMailThreadResponse ReadThread(const std::string& name, const std::string& key = "") {
    v1::ReadMailThreadRequest request;
    request.set_name(name);
    const auto read =
        server_.CallWith(key.empty() ? server_.secret() : key, &Threads::ReadMailThread, request);
    EXPECT_EQ(read.reason(), "");
    return read.response;
  }

  testing::TestServer server_;
};

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
  EXPECT_EQ(List(mail.contact())->received_mails(0).subject(), "");
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
  CreateContact("first_name: 'Ada' emails { address: 'ada@x.example' }");
  CreateContact("first_name: 'Ada B' emails { address: 'ADA@x.example' }");
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
  v1::GetMailThreadRequest get;
  get.set_name(hers.name());
  EXPECT_EQ(Made(&Threads::GetMailThread, get).mail_count(), 2);
  const auto seen = server_.CallWith(key, &Threads::GetMailThread, get);
  EXPECT_EQ(seen->mail_count(), 1);
  EXPECT_EQ(seen->last_mail_time().DebugString(), seen->create_time().DebugString());
  get.set_name(theirs.name());
  EXPECT_EQ(server_.CallWith(key, &Threads::GetMailThread, get).reason(), "MAIL_THREAD_NOT_FOUND");
  get.set_name(nobodys.name());
  const auto hidden = Made(&Threads::GetMailThread, get);
  get.set_name(hidden.name());
  EXPECT_EQ(server_.CallWith(key, &Threads::GetMailThread, get).reason(), "MAIL_THREAD_NOT_FOUND");
  EXPECT_EQ(server_.CallWith(key, &Threads::ListMailThreads, v1::ListMailThreadsRequest()).reason(),
            "PERMISSION_DENIED");
}

// The one with the last mail first; what was found to be a part of another is no thread any more.
TEST_F(ReceivedMailsTest, AreListedByThread) {
  const auto id = [](const v1::MailThread& thread) { return IdOf(thread.name()); };
  const std::string first(IdOf(Receive(FromAda("1")).name()));
  server_.clock().Advance(absl::Seconds(1));
  const std::string second(IdOf(Receive(FromAda("2", "", "Another.")).name()));
  server_.clock().Advance(absl::Seconds(1));
  Receive(FromAda("3", "References: <1@x.example>\n", "Well?"));
  v1::ListMailThreadsRequest list;
  auto listed = Made(&Threads::ListMailThreads, list);
  ASSERT_EQ(listed.mail_threads_size(), 2);
  EXPECT_EQ(id(listed.mail_threads(0)), first);
  EXPECT_EQ(listed.mail_threads(0).mail_count(), 2);
  EXPECT_EQ(id(listed.mail_threads(1)), second);
  list.set_page_size(1);
  list.set_order_by("create_time desc");
  listed = Made(&Threads::ListMailThreads, list);
  ASSERT_EQ(listed.mail_threads_size(), 1);
  EXPECT_EQ(id(listed.mail_threads(0)), second);
  list.set_page_token(listed.next_page_token());
  listed = Made(&Threads::ListMailThreads, list);
  ASSERT_EQ(listed.mail_threads_size(), 1);
  EXPECT_EQ(id(listed.mail_threads(0)), first);
  EXPECT_EQ(listed.next_page_token(), "");
  Receive(FromAda("4", "References: <1@x.example> <2@x.example>\n", "Both."));
  v1::ListMailThreadsRequest all;
  all.set_filter("mail_counts > 1");
  EXPECT_THAT(server_.Call(&Threads::ListMailThreads, all).status.error_message(),
              HasSubstr("did you mean mail_count? (there are create_time, joined_threads, "
                        "last_mail_time, mail_count, name)"));
  all.set_filter("mail_count > 1");
  listed = Made(&Threads::ListMailThreads, all);
  ASSERT_EQ(listed.mail_threads_size(), 1);
  EXPECT_EQ(listed.mail_threads(0).mail_count(), 4);
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

// INT4: the whole thread that somebody else had, the mails that came in and those that were sent.
TEST_F(ReceivedMailsTest, StandInTheirThreadWithWhatWasSent) {
  const std::string ada = CreateContact("first_name: 'Ada' emails { address: 'ada@x.example' }");
  const std::string message = Send(ada, "<sent@acme.example>");
  server_.clock().Advance(absl::Seconds(1));
  const v1::ReceivedMail answer = Receive(FromAda("1", "In-Reply-To: <sent@acme.example>\n"));
  server_.clock().Advance(absl::Seconds(1));
  const v1::ReceivedMail further =
      Receive(FromAda("2", "References: <sent@acme.example> <1@x.example>\n", "Well?"));
  const v1::ReadMailThreadResponse thread = ReadThread(answer.name());
  ASSERT_EQ(thread.items_size(), 3);
  EXPECT_EQ(thread.items(0).name(), further.name());
  EXPECT_EQ(thread.items(0).interaction().body(), "Well?");
  EXPECT_EQ(thread.items(0).received_mail().sender().address(), "ada@x.example");
  EXPECT_EQ(thread.items(2).name(), message);
  EXPECT_EQ(thread.items(2).message().text(), "Here it is.");
  EXPECT_EQ(thread.items(2).contact(), ada);
  v1::GetMailThreadRequest get;
  get.set_name(message);
  const auto whole = Made(&Threads::GetMailThread, get);
  EXPECT_EQ(whole.mail_count(), 3);
  EXPECT_EQ(ReadThread(whole.name()).items_size(), 3);

  v1::ReadMailThreadRequest paged;
  paged.set_name(whole.name());
  paged.set_page_size(2);
  const auto first = Made(&Threads::ReadMailThread, paged);
  EXPECT_EQ(first.items_size(), 2);
  paged.set_page_token(first.next_page_token());
  const auto last = Made(&Threads::ReadMailThread, paged);
  ASSERT_EQ(last.items_size(), 1);
  EXPECT_EQ(last.items(0).name(), message);
  EXPECT_EQ(last.next_page_token(), "");
  // Who may not read interactions is told of the mails, without what these say.
  const std::string key = KeyOf("", "received_mails.read");
  const v1::ReadMailThreadResponse bare = ReadThread(whole.name(), key);
  ASSERT_EQ(bare.items_size(), 3);
  EXPECT_FALSE(bare.items(0).has_interaction());
  EXPECT_FALSE(bare.items(2).has_message());
}

// TH-3: whoever claims another's thread stands in it, and is nobody else for it: the mail is with
// who wrote it, and what the other is told shows none of it.
TEST_F(ReceivedMailsTest, AreWithWhoWroteThemWhateverThreadTheyClaim) {
  const std::string marta = CreateUser("marta@acme.example", "roles/sales-rep");
  const std::string other = CreateUser("other@acme.example", "roles/sales-rep");
  CreateContact(
      absl::StrCat("owner: '", marta, "' emails { address: 'ada@x.example' } first_name: 'Ada'"));
  CreateContact(
      absl::StrCat("owner: '", other, "' emails { address: 'eve@x.example' } first_name: 'Eve'"));
  const v1::ReceivedMail first = Receive(FromAda("1"));
  const v1::ReceivedMail claimed = Receive(
      "From: Ada Lovelace <eve@x.example>\nTo: sales@acme.example\nSubject: Re: Offer\n"
      "Message-ID: <2@x.example>\nIn-Reply-To: <1@x.example>\nReferences: <1@x.example>\n\nPay "
      "me.\n");
  EXPECT_NE(claimed.contact(), first.contact());
  EXPECT_EQ(List(first.contact())->received_mails_size(), 1);
  EXPECT_EQ(ReadThread(first.name(), KeyOf(marta)).items_size(), 1);
  const v1::ReadMailThreadResponse hers = ReadThread(claimed.name(), KeyOf(other));
  ASSERT_EQ(hers.items_size(), 1);
  EXPECT_EQ(hers.items(0).contact(), claimed.contact());
  // Nor does somebody's Message-ID make another's mail theirs.
  const v1::ReceivedMail same =
      Receive("From: eve@x.example\nMessage-ID: <1@x.example>\n\nI am Ada.\n");
  EXPECT_EQ(same.contact(), claimed.contact());
  EXPECT_EQ(GetInteraction(first.interaction()).body(), "When?");
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
