// What a message that was sent leads to over HTTP, in a whole server: its image, its links, and the
// way to unsubscribe.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/messages/v1/messages_service.grpc.pb.h"
#include "kith/visitors/v1/sites_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "services/edge/http_port.h"
#include "services/messages/message_address.h"
#include "tests/services/edge/http_client.h"
#include "tests/testing/await.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::edge {
namespace {

using contacts::v1::ContactsService;
using messages::AddressKind;
using messages::v1::Message;
using messages::v1::MessagesService;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Proto;

constexpr char kBrowser[] =
    "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.6.0\r\n";

class MessagePagesTest : public ::testing::Test {
 protected:
  MessagePagesTest()
      : server_([](runtime::ServerBuilder& builder) {
          builder.AddPort(
              [](const runtime::PortParts& parts) { return OpenHttpPort(HttpOptions(), parts); });
        }) {
    contacts::v1::CreateContactRequest create;
    *create.mutable_contact() = Proto<contacts::v1::Contact>(R"(
        first_name: "Ada" emails { address: "ada@example.com" }
        emails { address: "ada@home.example" })");
    ada_ = server_.Call(&ContactsService::Stub::CreateContact, create)->name();
    message_ = Send();
    server_.clock().Advance(absl::Hours(1));
  }

  // A message to Ada that was sent; its name.
  std::string Send() {
    messages::v1::SendMessageRequest send;
    send.set_contact(ada_);
    send.set_subject("Hello");
    send.set_text("Hello");
    send.set_html(
        "<a href=\"https://a.example/?x=1&amp;y=2\">a</a><a href=\"https://b.example/\">b</a>"
        "<a href=\"https://c.example/\">c</a>");
    const auto sent = server_.Call(&MessagesService::Stub::SendMessage, send);
    EXPECT_EQ(sent.reason(), "");
    EXPECT_TRUE(sent->tracked());
    messages::v1::RecordMessageSentRequest record;
    record.set_name(sent->name());
    record.set_message_id("<1@acme.example>");
    record.set_tracked(true);
    EXPECT_EQ(server_.Call(&MessagesService::Stub::RecordMessageSent, record).reason(), "");
    return sent->name();
  }
  std::string PathOf(AddressKind kind, int link = 0) {
    return messages::PathOf(server_.runtime().log.token_sealer(),
                            {kind, {server_.workspace(), message_}, link});
  }
  HttpReply Ask(const std::string& method, const std::string& path, const std::string& body = "",
                const std::string& headers = kBrowser) {
    HttpClient client(server_.server().ports().front()->port());
    client.Send(absl::StrCat(method, " ", path, " HTTP/1.1\r\nhost: localhost\r\n", headers,
                             "content-length: ", body.size(), "\r\nconnection: close\r\n\r\n",
                             body));
    return client.Read();
  }
  Message Get() {
    messages::v1::GetMessageRequest get;
    get.set_name(message_);
    return server_.Call(&MessagesService::Stub::GetMessage, get).response;
  }
  contacts::v1::Contact Ada() {
    contacts::v1::GetContactRequest get;
    get.set_name(ada_);
    return server_.Call(&ContactsService::Stub::GetContact, get).response;
  }
  // Asks, and waits for the event of the message that this is recorded by.
  HttpReply AskAndRecord(const std::string& method, const std::string& path,
                         const std::string& headers = kBrowser) {
    const std::string before = Get().etag();
    HttpReply reply = Ask(method, path, "", headers);
    testing::AwaitThat(server_, [&] { return Get().etag() != before; });
    return reply;
  }
  uint64_t Head() { return server_.runtime().log.head().value(); }

  testing::TestServer server_;
  std::string ada_;
  std::string message_;
};

TEST_F(MessagePagesTest, TellThatAnImageWasLoaded) {
  const HttpReply image = AskAndRecord("GET", PathOf(AddressKind::kOpen));
  EXPECT_EQ(image.status, 200);
  EXPECT_EQ(image.header("content-type"), "image/gif");
  EXPECT_EQ(image.header("cache-control"), "no-store");
  EXPECT_EQ(image.body.substr(0, 6), "GIF89a");
  EXPECT_EQ(Get().open_count(), 1);
  EXPECT_EQ(Get().automatic_open_count(), 0);
}

TEST_F(MessagePagesTest, LeadOnToWhatStandsInTheMessage) {
  const HttpReply first = AskAndRecord("GET", PathOf(AddressKind::kClick, 0));
  EXPECT_EQ(first.status, 302);
  EXPECT_EQ(first.header("location"), "https://a.example/?x=1&y=2");
  const Message message = Get();
  EXPECT_EQ(message.click_count(), 1);
  EXPECT_EQ(message.open_count(), 1);
  EXPECT_EQ(message.links(0), "https://a.example/?x=1&y=2");
  EXPECT_EQ(message.clicks(0).link(), 0);
  // And nowhere else, whatever is asked.
  EXPECT_EQ(Ask("GET", PathOf(AddressKind::kClick, 3)).status, 404);
  EXPECT_EQ(Ask("GET", PathOf(AddressKind::kClick, -1)).status, 404);
  EXPECT_EQ(
      Ask("GET", PathOf(AddressKind::kClick, 1) + "?url=https://evil.example/").header("location"),
      "https://b.example/");
  EXPECT_EQ(Ask("POST", PathOf(AddressKind::kClick, 1)).status, 405);
}

TEST_F(MessagePagesTest, FlagWhatProgramsDo) {
  AskAndRecord("HEAD", PathOf(AddressKind::kClick, 0));
  EXPECT_EQ(Get().clicks(0).automatic(), messages::v1::HEAD_REQUEST);
  AskAndRecord("GET", PathOf(AddressKind::kOpen), "user-agent: Mozilla/5.0\r\n");
  EXPECT_EQ(Get().opens(0).automatic(), messages::v1::KNOWN_AGENT);
  AskAndRecord("GET", PathOf(AddressKind::kOpen), "");
  EXPECT_EQ(Get().automatic_open_count(), 2);
  for (int link = 0; link < 3; ++link) AskAndRecord("GET", PathOf(AddressKind::kClick, link));
  const Message message = Get();
  EXPECT_EQ(message.open_count(), 0);
  EXPECT_EQ(message.click_count(), 0);
  EXPECT_EQ(message.automatic_click_count(), 4);
  messages::v1::GetMessageReportRequest report;
  EXPECT_EQ(server_.Call(&MessagesService::Stub::GetMessageReport, report)->opened(), 0);
  report.set_include_automatic(true);
  EXPECT_EQ(server_.Call(&MessagesService::Stub::GetMessageReport, report)->opened(), 1);
  EXPECT_EQ(server_.Call(&MessagesService::Stub::GetMessageReport, report)->clicked(), 1);
}

TEST_F(MessagePagesTest, UnsubscribeWhoAsksByAPostOnly) {
  const std::string path = PathOf(AddressKind::kUnsubscribe);
  const uint64_t before = Head();
  const HttpReply page = Ask("GET", path);
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("<button type=\"submit\">Unsubscribe</button>"));
  EXPECT_THAT(page.body, HasSubstr("a…@example.com"));
  EXPECT_THAT(page.body, Not(HasSubstr("ada@")));
  EXPECT_THAT(page.body, Not(HasSubstr("<script")));
  EXPECT_EQ(Ask("HEAD", path).status, 200);
  EXPECT_EQ(Ask("POST", path, std::string((4 << 10) + 1, 'a')).status, 413);
  EXPECT_EQ(Head(), before);

  // As a mail program does it (RFC 8058).
  EXPECT_EQ(Ask("POST", path, "List-Unsubscribe=One-Click").status, 200);
  EXPECT_EQ(Head(), before + 2);  // of the message and of the contact, in one append
  EXPECT_TRUE(Get().has_unsubscribe_time());
  const contacts::v1::Contact ada = Ada();
  EXPECT_TRUE(ada.emails(0).opted_out());
  EXPECT_EQ(ada.emails(0).opt_out_cause(), message_);
  EXPECT_FALSE(ada.emails(1).opted_out());
  messages::v1::SendMessageRequest send;
  send.set_contact(ada_);
  send.set_subject("More");
  send.set_text("More");
  EXPECT_EQ(server_.Call(&MessagesService::Stub::SendMessage, send).reason(), "OPTED_OUT");

  // Once more is as once, by the button, too.
  const HttpReply again = Ask("POST", path);
  EXPECT_EQ(again.status, 200);
  EXPECT_THAT(again.body, HasSubstr("You are unsubscribed"));
  EXPECT_EQ(Head(), before + 2);
}

TEST_F(MessagePagesTest, UnsubscribeWhoIsAnotherContactByNow) {
  contacts::v1::CreateContactRequest create;
  create.mutable_contact()->set_first_name("Ada L.");
  contacts::v1::MergeContactsRequest merge;
  merge.set_name(server_.Call(&ContactsService::Stub::CreateContact, create)->name());
  merge.add_merged(ada_);
  ASSERT_EQ(server_.Call(&ContactsService::Stub::MergeContacts, merge).reason(), "");
  EXPECT_EQ(Ask("POST", PathOf(AddressKind::kUnsubscribe)).status, 200);
  contacts::v1::GetContactRequest get;
  get.set_name(merge.name());
  const auto survivor = server_.Call(&ContactsService::Stub::GetContact, get);
  int opted_out = 0;
  for (const auto& email : survivor->emails()) {
    opted_out += email.opted_out() && email.address() == "ada@example.com";
  }
  EXPECT_EQ(opted_out, 1);
}

TEST_F(MessagePagesTest, TellNothingOfWhatIsGone) {
  contacts::v1::DeleteContactRequest remove;
  remove.set_name(ada_);
  ASSERT_EQ(server_.Call(&ContactsService::Stub::DeleteContact, remove).reason(), "");
  const uint64_t before = Head();
  const HttpReply made_up = Ask("GET", "/m/c/AAAA");
  EXPECT_EQ(made_up.status, 404);
  const HttpReply gone = Ask("GET", PathOf(AddressKind::kOpen));
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(gone.body, made_up.body);
  EXPECT_EQ(Head(), before);
}

// Whoever was deleted has the mail still. A site of the workspace is not told who they were.
TEST_F(MessagePagesTest, LeadOnWhoIsDeletedAndNoteNothing) {
  visitors::v1::CreateSiteRequest site;
  site.mutable_site()->set_display_name("Ours");
  site.mutable_site()->add_allowed_origins("https://b.example");
  ASSERT_EQ(server_.Call(&visitors::v1::SitesService::Stub::CreateSite, site).reason(), "");
  contacts::v1::DeleteContactRequest remove;
  remove.set_name(ada_);
  ASSERT_EQ(server_.Call(&ContactsService::Stub::DeleteContact, remove).reason(), "");
  const uint64_t before = Head();
  const HttpReply reply = Ask("GET", PathOf(AddressKind::kClick, 1));
  EXPECT_EQ(reply.status, 302);
  EXPECT_EQ(reply.header("location"), "https://b.example/");
  EXPECT_EQ(Ask("GET", PathOf(AddressKind::kClick, 3)).status, 404);
  EXPECT_EQ(Head(), before);
}

// It is the address that wants no more, whatever becomes of the contact.
TEST_F(MessagePagesTest, UnsubscribeWhoIsDeleted) {
  contacts::v1::DeleteContactRequest remove;
  remove.set_name(ada_);
  ASSERT_EQ(server_.Call(&ContactsService::Stub::DeleteContact, remove).reason(), "");
  const std::string path = PathOf(AddressKind::kUnsubscribe);
  EXPECT_THAT(Ask("GET", path).body, HasSubstr("a…@example.com"));
  const HttpReply done = Ask("POST", path);
  EXPECT_EQ(done.status, 200);
  EXPECT_THAT(done.body, HasSubstr("You are unsubscribed"));
  contacts::v1::CreateContactRequest create;
  create.mutable_contact()->add_emails()->set_address("ada@example.com");
  create.mutable_contact()->set_first_name("Ada");
  messages::v1::SendMessageRequest send;
  send.set_contact(server_.Call(&ContactsService::Stub::CreateContact, create)->name());
  send.set_subject("More");
  send.set_text("More");
  EXPECT_EQ(server_.Call(&MessagesService::Stub::SendMessage, send).reason(), "OPTED_OUT");
  EXPECT_EQ(Ask("POST", "/m/u/AAAA").status, 404);
}

TEST_F(MessagePagesTest, TellNothingOfWhoIsErased) {
  ASSERT_TRUE(server_.keys().Destroy(server_.workspace(), ada_).ok());
  const uint64_t before = Head();
  for (const AddressKind kind : {AddressKind::kOpen, AddressKind::kClick}) {
    EXPECT_EQ(Ask("GET", PathOf(kind)).status, 404);
  }
  // Nothing is sent to them any more.
  const HttpReply page = Ask("GET", PathOf(AddressKind::kUnsubscribe));
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, Not(HasSubstr("@")));
  const HttpReply done = Ask("POST", PathOf(AddressKind::kUnsubscribe));
  EXPECT_EQ(done.status, 200);
  EXPECT_THAT(done.body, HasSubstr("You are unsubscribed"));
  EXPECT_EQ(Head(), before);
}

TEST_F(MessagePagesTest, NoteNothingOfWhoAsksNotToBeFollowed) {
  const uint64_t before = Head();
  const std::string headers = absl::StrCat(kBrowser, "sec-gpc: 1\r\n");
  EXPECT_EQ(Ask("GET", PathOf(AddressKind::kOpen), "", headers).status, 200);
  EXPECT_EQ(Ask("GET", PathOf(AddressKind::kClick), "", headers).status, 302);
  EXPECT_EQ(Head(), before);
}

TEST_F(MessagePagesTest, NoteNothingWhereThatIsStopped) {
  workspaces::v1::UpdateWorkspaceRequest stop;
  stop.mutable_workspace()->set_name("workspaces/1");
  stop.mutable_workspace()->set_tracking_stopped(true);
  stop.mutable_update_mask()->add_paths("tracking_stopped");
  ASSERT_EQ(server_.Call(&workspaces::v1::WorkspacesService::Stub::UpdateWorkspace, stop).reason(),
            "");
  const uint64_t before = Head();
  EXPECT_EQ(Ask("GET", PathOf(AddressKind::kOpen)).status, 200);
  EXPECT_EQ(Ask("GET", PathOf(AddressKind::kClick)).status, 302);
  EXPECT_EQ(Head(), before);
}

// A flood is answered, and writes no event for each.
TEST_F(MessagePagesTest, BoundWhatOneAddressHasNoted) {
  const std::string path = PathOf(AddressKind::kOpen);
  for (int i = 0; i < 20; ++i) AskAndRecord("GET", path);
  const uint64_t before = Head();
  for (int i = 0; i < 30; ++i) EXPECT_EQ(Ask("GET", path).status, 200);
  EXPECT_EQ(Head(), before);
  EXPECT_EQ(Get().open_count(), 20);
  // In the next hour the rest is counted: at once, and then once an hour.
  server_.clock().Advance(absl::Hours(1));
  AskAndRecord("GET", path);
  EXPECT_EQ(Get().open_count(), 21);
  EXPECT_EQ(Get().opens_size(), 20);
  const uint64_t counted = Head();
  for (int i = 0; i < 15; ++i) EXPECT_EQ(Ask("GET", path).status, 200);
  EXPECT_EQ(Head(), counted);
  server_.clock().Advance(absl::Hours(1));
  AskAndRecord("GET", path);
  EXPECT_EQ(Get().open_count(), 37);
}

}  // namespace
}  // namespace kith::edge
