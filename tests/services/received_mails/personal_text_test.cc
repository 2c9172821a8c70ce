// What a person wrote, was written and looked at stands nowhere in clear, and is gone with their
// keys: of mails, what is attached to them, messages, visits and forms, over the whole server.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/forms/v1/forms_service.grpc.pb.h"
#include "kith/messages/v1/messages_service.grpc.pb.h"
#include "kith/received_mails/v1/received_mails_service.grpc.pb.h"
#include "kith/visitors/v1/sites_service.grpc.pb.h"
#include "kith/visitors/v1/visitors_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::received_mails {
namespace {

namespace fs = std::filesystem;
using testing::Proto;

// Stands in everything that is personal, and in nothing else.
constexpr char kWord[] = "quetzal";

class PersonalTextTest : public ::testing::Test {
 protected:
  PersonalTextTest()
      : server_(nullptr, [this](runtime::ServerOptions& options) {
          folder_ = fs::path(options.blobs.folder).parent_path();
        }) {}

  template <class Method, class Request>
  auto Made(Method method, const Request& request) {
    const auto made = server_.Call(method, request);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made.response;
  }
  // Ada writes, with something attached; who she is.
  std::string ReceiveMail() {
    v1::ReceiveMailRequest request;
    request.set_raw(absl::StrCat(
        "From: Ada quetzal-name <quetzal@x.example>\r\nSubject: quetzal-subject\r\n"
        "Message-ID: <1@x.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        "Content-Type: text/plain\r\n\r\nquetzal-text\r\n--b\r\n"
        "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=quetzal.pdf\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n",
        absl::Base64Escape("quetzal-attachment"), "\r\n--b--\r\n"));
    return Made(&v1::ReceivedMailsService::Stub::ReceiveMail, request).contact();
  }
  // A report that no person wrote, which is kept with its text.
  void ReceiveReport() {
    v1::ReceiveMailRequest request;
    request.set_raw(
        "From: quetzal@x.example\r\nAuto-Submitted: auto-replied\r\nMessage-ID: <2@x.example>\r\n"
        "Subject: quetzal-away\r\n\r\nquetzal-back-on-monday\r\n");
    Made(&v1::ReceivedMailsService::Stub::ReceiveMail, request);
  }
  void SendMessage(const std::string& contact) {
    messages::v1::SendMessageRequest send;
    send.set_contact(contact);
    send.set_subject("quetzal-answer");
    send.set_text("quetzal-reply");
    send.set_html("<a href=\"https://a.example/quetzal\">quetzal</a>");
    messages::v1::RecordMessageSentRequest sent;
    sent.set_name(Made(&messages::v1::MessagesService::Stub::SendMessage, send).name());
    sent.set_message_id("<3@acme.example>");
    Made(&messages::v1::MessagesService::Stub::RecordMessageSent, sent);
    messages::v1::RecordMessageUnsubscribedRequest unsubscribed;
    unsubscribed.set_name(sent.name());
    unsubscribed.set_email("quetzal@x.example");
    Made(&messages::v1::MessagesService::Stub::RecordMessageUnsubscribed, unsubscribed);
  }
  // Looks at a page before and after it is known who that is; the visitor.
  std::string Visit(const std::string& contact) {
    visitors::v1::CreateSiteRequest site;
    site.mutable_site()->set_display_name("Ours");
    visitors::v1::CreateVisitorRequest create;
    create.mutable_visitor()->set_site(
        Made(&visitors::v1::SitesService::Stub::CreateSite, site).name());
    const std::string visitor =
        Made(&visitors::v1::VisitorsService::Stub::CreateVisitor, create).name();
    visitors::v1::RecordPageViewsRequest record;
    record.set_name(visitor);
    record.set_site(create.visitor().site());
    visitors::v1::PageView& view = *record.add_page_views();
    view.set_id("1");
    view.set_url("https://www.example.com/quetzal-page");
    view.set_title("quetzal-title");
    Made(&visitors::v1::VisitorsService::Stub::RecordPageViews, record);
    visitors::v1::IdentifyVisitorRequest identify;
    identify.set_name(visitor);
    identify.set_contact(contact);
    Made(&visitors::v1::VisitorsService::Stub::IdentifyVisitor, identify);
    view.set_id("2");
    Made(&visitors::v1::VisitorsService::Stub::RecordPageViews, record);
    return visitor;
  }
  void SubmitForm() {
    using Forms = forms::v1::FormsService::Stub;
    forms::v1::CreateFormRequest create;
    *create.mutable_form() = Proto<forms::v1::Form>(R"(display_name: "Contact us"
        fields { key: "email" label: "E-mail" kind: EMAIL maps_to: "contact.emails" }
        fields { key: "need" label: "Need" kind: PARAGRAPH })");
    forms::v1::PublishFormRequest publish;
    publish.set_name(Made(&Forms::CreateForm, create).name());
    Made(&Forms::PublishForm, publish);
    auto submit = Proto<forms::v1::SubmitFormRequest>(R"(
        values { key: "email" value: "quetzal@x.example" }
        values { key: "need" value: "quetzal-need" })");
    submit.set_name(publish.name());
    Made(&Forms::SubmitForm, submit);
  }

  // The streams whose records tell the word: as they stand, or opened with the keys there are.
  std::vector<std::string> Told(bool is_opened) {
    std::vector<std::string> streams;
    const runtime::Runtime& runtime = server_.runtime();
    const auto cursor = runtime.log.ReadAll(Position(1), eventstore::Direction::kForwards);
    while (true) {
      auto record = cursor->Next();
      EXPECT_TRUE(record.ok()) << record.status();
      if (!record.ok() || *record == nullptr) return streams;
      const std::string stream = (*record)->header.stream;
      std::string text = (*record)->payload;
      for (const auto& sealed : (*record)->sealed) text += sealed.ciphertext;
      if (is_opened) {
        const auto event = runtime.registry.Decode(*std::move(record), runtime.keys);
        EXPECT_TRUE(event.ok()) << event.status();
        if (event.ok()) text = (*event)->event->DebugString();
      }
      if (absl::StrContains(text, kWord)) streams.push_back(stream);
    }
  }
  std::vector<std::string> FilesWithIt() const {
    std::vector<std::string> files;
    for (const auto& at : fs::recursive_directory_iterator(folder_)) {
      if (!at.is_regular_file()) continue;
      std::ifstream file(at.path(), std::ios::binary);
      const std::string bytes(std::istreambuf_iterator<char>(file), {});
      if (absl::StrContains(bytes, kWord)) files.push_back(at.path().string());
    }
    return files;
  }

  fs::path folder_;
  testing::TestServer server_;
};

TEST_F(PersonalTextTest, IsSealedAndGoneWithTheKeys) {
  const std::string ada = ReceiveMail();
  ASSERT_NE(ada, "");
  ReceiveReport();
  SendMessage(ada);
  const std::string visitor = Visit(ada);
  SubmitForm();
  EXPECT_EQ(Told(/*is_opened=*/false), std::vector<std::string>()) << "in clear";
  EXPECT_GE(Told(/*is_opened=*/true).size(), 8u) << "of what has to be gone";

  ASSERT_TRUE(server_.keys().Destroy(server_.workspace(), ada).ok());
  ASSERT_TRUE(server_.keys().Destroy(server_.workspace(), visitor).ok());
  EXPECT_EQ(Told(/*is_opened=*/true), std::vector<std::string>());
  server_.Restart(/*new_views=*/true);
  fs::remove_all(folder_ / "views0");
  EXPECT_EQ(Told(/*is_opened=*/true), std::vector<std::string>());
  EXPECT_EQ(FilesWithIt(), std::vector<std::string>());
}

}  // namespace
}  // namespace kith::received_mails
