// Goal: a call comes to the same over HTTP as over gRPC, whatever the method.
// Method: every method of a whole server, with an empty request and with its credentials, with
// nobody's, and with those of a key that is revoked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "grpcpp/generic/generic_stub.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "nlohmann/json.hpp"
#include "services/edge/connect_error.h"
#include "services/edge/envelope.h"
#include "services/edge/http_port.h"
#include "tests/services/edge/http_client.h"
#include "tests/testing/test_server.h"

namespace kith::edge {
namespace {

using workspaces::v1::WorkspacesService;

std::unique_ptr<testing::TestServer> NewServer() {
  return std::make_unique<testing::TestServer>([](runtime::ServerBuilder& builder) {
    builder.AddPort(
        [](const runtime::PortParts& parts) { return OpenHttpPort(HttpOptions(), parts); });
  });
}

int PortOf(testing::TestServer& server) { return server.server().ports().front()->port(); }

// A message of no bytes.
grpc::ByteBuffer Empty() {
  const grpc::Slice none;
  return grpc::ByteBuffer(&none, 1);
}

// The code's name, over gRPC.
std::string AskGrpc(const testing::TestServer& server, const std::string& method,
                    const std::string& secret) {
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + secret);
  grpc::GenericStub stub(server.channel());
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareUnaryCall(&context, "/" + method, Empty(), &queue);
  call->StartCall();
  grpc::ByteBuffer reply;
  grpc::Status status;
  call->Finish(&reply, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  return std::string(ConnectCode(status.error_code()));
}

std::string AskHttp(HttpClient& client, const std::string& method, const std::string& secret) {
  const HttpReply reply = client.Post("/" + method, "{}", {"authorization: Bearer " + secret});
  if (reply.status == 200) return "ok";
  EXPECT_EQ(reply.header("content-type"), "application/json") << method;
  return reply.field("code");
}

void CompareAll(testing::TestServer& server, const std::string& secret) {
  HttpClient client(PortOf(server));
  int compared = 0;
  for (const auto& [name, bound] : server.methods().methods()) {
    const auto& descriptor = *bound->method().descriptor;
    if (descriptor.client_streaming() || descriptor.server_streaming()) continue;
    EXPECT_EQ(AskHttp(client, bound->method().name, secret),
              AskGrpc(server, bound->method().name, secret))
        << name;
    ++compared;
  }
  EXPECT_GT(compared, 30);
}

TEST(EveryMethod, ComesToTheSameOverHttp) {
  const auto server = NewServer();
  CompareAll(*server, server->secret());
}

TEST(EveryMethod, RefusesNobodyInTheSameWay) {
  const auto server = NewServer();
  CompareAll(*server, "kith_nobody");
}

TEST(EveryMethod, RefusesARevokedKey) {
  const auto server = NewServer();
  workspaces::v1::CreateApiKeyRequest create;
  create.mutable_api_key()->set_display_name("Of a moment");
  create.mutable_api_key()->add_permissions("*");
  const auto made = server->Call(&WorkspacesService::Stub::CreateApiKey, create);
  ASSERT_EQ(made.reason(), "");
  const std::string& secret = made->secret();
  HttpClient client(PortOf(*server));
  const std::string list = "/kith.contacts.v1.ContactsService/ListContacts";
  EXPECT_EQ(client.Post(list, "{}", {"authorization: Bearer " + secret}).status, 200);

  // A stream that is open with it ends with it.
  HttpClient subscriber(PortOf(*server));
  subscriber.SendPost(
      "/kith.events.v1.EventsService/SubscribeEvents", MakeEnvelope(0, "{}"),
      {"authorization: Bearer " + secret, "content-type: application/connect+json"});
  EXPECT_EQ(subscriber.ReadHead().status, 200);
  workspaces::v1::RevokeApiKeyRequest revoke;
  revoke.set_name(made->api_key().name());
  ASSERT_EQ(server->Call(&WorkspacesService::Stub::RevokeApiKey, revoke).reason(), "");
  EXPECT_EQ(client.Post(list, "{}", {"authorization: Bearer " + secret}).field("code"),
            "unauthenticated");
  std::string last;
  for (std::string chunk = subscriber.ReadChunk(); !chunk.empty(); chunk = subscriber.ReadChunk()) {
    last = chunk;
  }
  EXPECT_THAT(last, ::testing::HasSubstr(R"("code":"unauthenticated")"));
}

TEST(EveryMethod, ThatChangesNothingIsCalledByGet) {
  const auto server = NewServer();
  HttpClient client(PortOf(*server));
  for (const auto& [name, bound] : server->methods().methods()) {
    const std::string& method = bound->method().descriptor->name();
    const auto begins = [&](absl::string_view verb) { return absl::StartsWith(method, verb); };
    const bool is_read =
        begins("Get") || begins("List") || begins("BatchGet") || begins("Query") ||
        begins("Summarize") || begins("Render") || begins("Preview") || begins("DryRun") ||
        begins("Explain") || begins("Predict") || begins("Find") || begins("ReadMail") ||
        (begins("Measure") && method != "MeasureStageDeals") || method == "ReadMailThread" ||
        method == "ReadMailAttachment" || method == "AddBusinessTime";
    client.Send(absl::StrCat("GET /", bound->method().name, "?encoding=json&message=%7B%7D",
                             " HTTP/1.1\r\nhost: kith\r\nauthorization: Bearer ", server->secret(),
                             "\r\n\r\n"));
    const HttpReply reply = client.Read();
    EXPECT_EQ(reply.status != 405 && reply.status != 501, is_read) << name << " " << reply.status;
  }
}

}  // namespace
}  // namespace kith::edge
