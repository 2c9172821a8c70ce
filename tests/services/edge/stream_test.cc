// Streams of replies over HTTP: enveloped messages in chunks, and an end that says how it went.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "nlohmann/json.hpp"
#include "services/edge/envelope.h"
#include "services/edge/gzip.h"
#include "tests/services/edge/http_client.h"
#include "tests/services/edge/http_person_server.h"

namespace kith::edge {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kJsonStream = "content-type: application/connect+json";
const std::string kProtoStream = "content-type: application/connect+proto";

struct Piece {
  uint8_t flags;
  std::string message;
};

// The messages of a body, the end among them.
std::vector<Piece> PiecesOf(absl::string_view body) {
  std::vector<Piece> pieces;
  while (body.size() >= kEnvelopeBytes) {
    size_t size = 0;
    for (size_t i = 1; i < kEnvelopeBytes; ++i) {
      size = size << 8 | static_cast<unsigned char>(body[i]);
    }
    pieces.push_back(
        {static_cast<uint8_t>(body[0]), std::string(body.substr(kEnvelopeBytes, size))});
    body.remove_prefix(std::min(body.size(), kEnvelopeBytes + size));
  }
  EXPECT_TRUE(body.empty());
  return pieces;
}

// The code in the last piece of a stream; "" where it ended well.
std::string EndOf(const std::vector<Piece>& pieces) {
  if (pieces.empty() || pieces.back().flags != kEndOfStream) return "no end";
  const auto end = nlohmann::json::parse(pieces.back().message, nullptr, false);
  if (!end.is_object()) return "no JSON: " + pieces.back().message;
  return end.contains("error") ? end["error"]["code"].get<std::string>() : "";
}

TEST(Stream, IsAnsweredInJson) {
  HttpPersonServer server;
  HttpClient client(server.http_port());
  const HttpReply reply =
      client.Post(kEvents + "ReadEvents", MakeEnvelope(0, R"({"limit":3})"), {kOwner, kJsonStream});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("content-type"), "application/connect+json");
  const std::vector<Piece> pieces = PiecesOf(reply.body);
  ASSERT_EQ(pieces.size(), 4);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(pieces[i].flags, 0);
    EXPECT_EQ(pieces[i].message, absl::StrCat(R"({"events":[{"sequence":")", i + 1, R"("}]})"));
  }
  EXPECT_EQ(pieces[3].flags, kEndOfStream);
  EXPECT_EQ(pieces[3].message, "{}");
  // The connection goes on.
  EXPECT_EQ(client.Post(kContacts + "ListContacts", "{}", {kOwner}).status, 200);
}

TEST(Stream, IsAnsweredInProtobuf) {
  HttpPersonServer server;
  HttpClient client(server.http_port());
  events::v1::ReadEventsRequest request;
  request.set_limit(200);
  const HttpReply reply = client.Post(
      kEvents + "ReadEvents", MakeEnvelope(0, request.SerializeAsString()), {kOwner, kProtoStream});
  EXPECT_EQ(reply.header("content-type"), "application/connect+proto");
  const std::vector<Piece> pieces = PiecesOf(reply.body);
  ASSERT_EQ(pieces.size(), 201);
  events::v1::ReadEventsResponse response;
  ASSERT_TRUE(response.ParseFromString(pieces[199].message));
  EXPECT_EQ(response.events(0).sequence(), 200);
  EXPECT_EQ(EndOf(pieces), "");
}

TEST(Stream, ReadsGzip) {
  HttpPersonServer server;
  HttpClient client(server.http_port());
  const std::string packed = MakeEnvelope(kCompressed, Gzip(R"({"limit":1})"));
  const HttpReply reply = client.Post(
      kEvents + "ReadEvents", packed,
      {kOwner, kJsonStream, "connect-content-encoding: gzip", "connect-accept-encoding: gzip"});
  EXPECT_EQ(reply.header("connect-content-encoding"), "gzip");
  EXPECT_EQ(PiecesOf(reply.body).size(), 2);
  const HttpReply unsaid = client.Post(kEvents + "ReadEvents", packed, {kOwner, kJsonStream});
  EXPECT_EQ(EndOf(PiecesOf(unsaid.body)), "invalid_argument");
}

TEST(Stream, TellsInItsEndWhyItFailed) {
  HttpPersonServer server;
  HttpClient client(server.http_port());
  const auto end_of = [&](const std::string& body, const std::vector<std::string>& headers) {
    const HttpReply reply = client.Post(kEvents + "ReadEvents", body, headers);
    EXPECT_EQ(reply.status, 200);
    return EndOf(PiecesOf(reply.body));
  };
  // After a thousand messages.
  EXPECT_EQ(end_of(MakeEnvelope(0, R"({"limit":2000})"), {kOwner, kJsonStream}), "data_loss");
  EXPECT_EQ(end_of(MakeEnvelope(0, "{}"), {kJsonStream}), "unauthenticated");
  EXPECT_EQ(end_of(MakeEnvelope(0, R"({"limt":1})"), {kOwner, kJsonStream}), "invalid_argument");
  EXPECT_EQ(end_of("", {kOwner, kJsonStream}), "invalid_argument");
  EXPECT_EQ(end_of(std::string("\0\0\0\1\0{}", 7), {kOwner, kJsonStream}), "invalid_argument");
  EXPECT_EQ(end_of(MakeEnvelope(0, "{}") + MakeEnvelope(0, "{}"), {kOwner, kJsonStream}),
            "invalid_argument");
  EXPECT_EQ(end_of(MakeEnvelope(0, std::string(14 << 20, ' ')), {kOwner, kJsonStream}),
            "resource_exhausted");
}

TEST(Stream, HasItsOwnContentTypes) {
  HttpPersonServer server;
  HttpClient client(server.http_port());
  const HttpReply unary = client.Post(kEvents + "ReadEvents", "{}", {kOwner});
  EXPECT_EQ(unary.status, 415);
  EXPECT_THAT(unary.body, HasSubstr("application/connect+json"));
  const HttpReply both = client.Post("/kith.interactions.v1.InteractionsService/IngestInteractions",
                                     MakeEnvelope(0, "{}"), {kOwner, kJsonStream});
  EXPECT_EQ(both.status, 501);
  EXPECT_EQ(both.reason(), "BOTH_WAYS");
}

TEST(Stream, IsReadWhileItGoesOnAndEndsWithTheServer) {
  runtime::ServerOptions options;
  options.stop_grace = absl::Hours(1);
  HttpPersonServer server(options);
  HttpClient client(server.http_port());
  client.SendPost(kEvents + "SubscribeEvents", MakeEnvelope(0, "{}"), {kOwner, kJsonStream});
  EXPECT_EQ(client.ReadHead().status, 200);
  EXPECT_THAT(PiecesOf(client.ReadChunk())[0].message, StartsWith(R"({"caught_up")"));
  std::thread stopping([&] { server.StopWithGatesAsTheyAre(); });
  const std::string end = client.ReadChunk();
  EXPECT_EQ(EndOf(PiecesOf(end)), "unavailable");
  EXPECT_THAT(end, HasSubstr("SHUTTING_DOWN"));
  EXPECT_EQ(client.ReadChunk(), "");
  EXPECT_TRUE(client.IsClosed());
  stopping.join();
}

TEST(Stream, EndsWhenItsDeadlinePasses) {
  HttpPersonServer server;
  HttpClient client(server.http_port());
  client.SendPost(kEvents + "SubscribeEvents", MakeEnvelope(0, "{}"),
                  {kOwner, kJsonStream, "connect-timeout-ms: 5000"});
  EXPECT_EQ(client.ReadHead().status, 200);
  client.ReadChunk();
  server.clock().Advance(absl::Seconds(6));
  EXPECT_EQ(EndOf(PiecesOf(client.ReadChunk())), "deadline_exceeded");
}

TEST(Stream, EndsWithItsClient) {
  HttpPersonServer server;
  const auto open = [&] {
    runtime::MethodTable const& methods = server.methods();
    kith::MetricPage page;
    methods.AddMetrics(page);
    double open = 0;
    for (const auto& sample : page.families().at("kith_streams_open").samples) open += sample.value;
    return open;
  };
  {
    HttpClient client(server.http_port());
    client.SendPost(kEvents + "SubscribeEvents", MakeEnvelope(0, "{}"), {kOwner, kJsonStream});
    client.ReadHead();
    client.ReadChunk();
    EXPECT_EQ(open(), 1);
  }
  while (open() > 0) std::this_thread::yield();
}

// As much as a connection does not hold is made, and no more: the server's end waits for nobody.
TEST(Stream, WhoseClientReadsNothingKeepsNothingFromEnding) {
  HttpPersonServer server;
  HttpClient client(server.http_port());
  for (int i = 0; i < 50; ++i) {
    client.SendPost(kContacts + "ListContacts", R"({"page_size":1000})", {kOwner});
  }
  HttpClient other(server.http_port());
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(other.Post(kContacts + "ListContacts", "{}", {kOwner}).status, 200);
  }
  server.Stop();
}

}  // namespace
}  // namespace kith::edge
