// Mails that are posted as they are, in a whole server: what is taken, and what is not.
#include "services/edge/raw_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kith/received_mails/v1/received_mails_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "services/edge/gzip.h"
#include "services/edge/http_port.h"
#include "tests/services/edge/http_client.h"
#include "tests/testing/test_server.h"

namespace kith::edge {
namespace {

using received_mails::v1::ReceivedMailsService;
using ::testing::HasSubstr;

constexpr char kReceive[] = "/kith.received_mails.v1.ReceivedMailsService/ReceiveMail";
constexpr size_t kMailBytesMax = 25 << 20;

std::string Mail(const std::string& id, size_t bytes = 0) {
  return absl::StrCat("From: Ada <ada@x.example>\r\nMessage-ID: <", id, "@x.example>\r\n\r\nHello ",
                      std::string(bytes, 'x'), "\r\n");
}

class RawBodyTest : public ::testing::Test {
 protected:
  RawBodyTest()
      : server_([](runtime::ServerBuilder& builder) {
          builder.AddPort(
              [](const runtime::PortParts& parts) { return OpenHttpPort(HttpOptions(), parts); });
        }) {}

  std::string Key() { return absl::StrCat("authorization: Bearer ", server_.secret()); }
  HttpReply Post(absl::string_view body, std::vector<std::string> headers = {},
                 const std::string& type = "message/rfc822", const std::string& path = kReceive) {
    HttpClient client(server_.server().ports().front()->port());
    headers.push_back(absl::StrCat("content-type: ", type));
    return client.Post(path, body, headers);
  }
  int CountMails() {
    return server_
        .Call(&ReceivedMailsService::Stub::ListReceivedMails,
              received_mails::v1::ListReceivedMailsRequest())
        ->received_mails_size();
  }

  testing::TestServer server_;
};

TEST_F(RawBodyTest, IsReceivedAsByACall) {
  const HttpReply posted = Post(Mail("1"), {Key()});
  ASSERT_EQ(posted.status, 200) << posted.body;
  EXPECT_EQ(posted.header("content-type"), "application/json");
  EXPECT_EQ(posted.field("kind"), "PERSONAL");
  EXPECT_EQ(posted.field("message_id"), "1@x.example");
  received_mails::v1::ReceiveMailRequest request;
  request.set_raw(Mail("1"));
  EXPECT_EQ(server_.Call(&ReceivedMailsService::Stub::ReceiveMail, request)->name(),
            posted.field("name"));
  // What is posted again, by whom no answer reached, is the same mail.
  EXPECT_EQ(Post(Mail("1"), {Key()}, "Message/RFC822; charset=us-ascii").field("name"),
            posted.field("name"));
  EXPECT_EQ(Post(Gzip(Mail("1")), {Key(), "content-encoding: gzip"}).field("name"),
            posted.field("name"));
  EXPECT_EQ(CountMails(), 1);
}

// 25 MiB, of which a call takes 4.
TEST_F(RawBodyTest, MayBeAsLargeAsAMail) {
  const std::string largest = Mail("1", kMailBytesMax - Mail("1").size());
  ASSERT_EQ(largest.size(), kMailBytesMax);
  const HttpReply taken = Post(largest, {Key()});
  EXPECT_EQ(taken.status, 200) << taken.body;
  const HttpReply refused = Post(largest + ".", {Key()});
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(refused.reason(), "CONTENT_TOO_LARGE");
  // Nor does it help to be smaller on the way.
  const HttpReply packed = Post(Gzip(largest + "."), {Key(), "content-encoding: gzip"});
  EXPECT_EQ(packed.status, 413);
  EXPECT_EQ(packed.reason(), "CONTENT_TOO_LARGE");
  EXPECT_EQ(CountMails(), 1);
  // Other bodies of the method have the bound of all calls.
  const HttpReply json = Post(std::string(kMailBytesMax, ' '), {Key()}, "application/json");
  EXPECT_EQ(json.status, 413);
  const HttpReply proto = Post(std::string(5 << 20, ' '), {Key()}, "application/proto");
  EXPECT_EQ(proto.status, 413);
}

TEST_F(RawBodyTest, NeedsAKeyThatMayReceive) {
  EXPECT_EQ(Post(Mail("1")).status, 401);
  workspaces::v1::CreateApiKeyRequest create;
  create.mutable_api_key()->set_display_name("Reads");
  create.mutable_api_key()->add_permissions("contacts.read");
  const std::string key =
      server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, create)->secret();
  EXPECT_EQ(Post(Mail("1"), {absl::StrCat("authorization: Bearer ", key)}).status, 403);
  EXPECT_EQ(CountMails(), 0);
}

TEST_F(RawBodyTest, IsOfTheMethodAlone) {
  const HttpReply other =
      Post(Mail("1"), {Key()}, "message/rfc822", "/kith.contacts.v1.ContactsService/CreateContact");
  EXPECT_EQ(other.status, 415);
  EXPECT_EQ(other.reason(), "UNSUPPORTED_MEDIA_TYPE");
  EXPECT_EQ(Post(Mail("1"), {Key()}, "text/plain").status, 415);
  const HttpReply empty = Post("", {Key()});
  EXPECT_EQ(empty.status, 400);
  EXPECT_EQ(empty.reason(), "INVALID_FIELD");
}

// Room for it is taken before it is read: a key has half of what there is for all.
TEST_F(RawBodyTest, IsNotReadWhereThereIsNoRoomForIt) {
  testing::TestServer small(
      [](runtime::ServerBuilder& builder) {
        builder.AddPort(
            [](const runtime::PortParts& parts) { return OpenHttpPort(HttpOptions(), parts); });
      },
      [](runtime::ServerOptions& options) { options.calls.request_bytes_max = 1 << 20; });
  HttpClient client(small.server().ports().front()->port());
  client.Send(absl::StrCat("POST ", kReceive, " HTTP/1.1\r\nhost: kith\r\nauthorization: Bearer ",
                           small.secret(),
                           "\r\ncontent-type: message/rfc822\r\ncontent-length: 1000000\r\n\r\n"));
  const HttpReply refused = client.Read();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.reason(), "LIMIT_REACHED");
  EXPECT_THAT(refused.body, HasSubstr("max_request_bytes"));
}

TEST(RawBody, IsTheFieldOfTheRequest) {
  const auto& method =
      *received_mails::v1::ReceiveMailRequest::descriptor()->file()->service(0)->FindMethodByName(
          "ReceiveMail");
  EXPECT_EQ(FindRawField(method, "application/json"), nullptr);
  const auto* const field = FindRawField(method, "message/rfc822");
  ASSERT_NE(field, nullptr);
  EXPECT_EQ(RawBytesMax(*field), kMailBytesMax);
  for (const size_t bytes : {0, 1, 127, 128, 70'000}) {
    const std::string body(bytes, '\xFF');
    const std::string made = BytesOfRaw(*field, body);
    EXPECT_LE(made.size(), body.size() + kRawSlack);
    received_mails::v1::ReceiveMailRequest request;
    ASSERT_TRUE(request.ParseFromString(made));
    EXPECT_EQ(request.raw(), body);
  }
}

}  // namespace
}  // namespace kith::edge
