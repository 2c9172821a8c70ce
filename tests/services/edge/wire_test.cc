// What connections may carry, and what they may not: requests one behind the other, halves of them,
// what is no request, and clients that are slow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/services/edge/http_client.h"
#include "tests/services/edge/http_person_server.h"
#include "tests/testing/seeded_random.h"

namespace kith::edge {
namespace {

using ::testing::HasSubstr;

// Each case without TLS, and with it.
class Connection : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Wire, Connection, ::testing::Bool(), [](const auto& info) {
  return std::string(info.param ? "WithTls" : "WithoutTls");
});

// What both have in common.
class Server {
 public:
  explicit Server(bool tls, const runtime::ServerOptions& options = {},
                  const HttpOptions& http = {}) {
    if (tls) {
      server_ = std::make_unique<HttpPersonServer>(folder_, folder_.Options(), options, http);
    } else {
      server_ = std::make_unique<HttpPersonServer>(options, http);
    }
  }
  HttpPersonServer* operator->() const { return server_.get(); }

 private:
  const runtime::TlsFolder folder_;
  std::unique_ptr<HttpPersonServer> server_;
};

constexpr char kAda[] = R"({"contact":{"first_name":"Ada"}})";

std::string PostText(const std::string& path, const std::string& headers, absl::string_view body) {
  return absl::StrCat("POST ", path,
                      " HTTP/1.1\r\nhost: kith\r\ncontent-type: application/json\r\n", headers,
                      "content-length: ", body.size(), "\r\n\r\n", body);
}

TEST_P(Connection, AnswersRequestsThatCameAtOnceOneAfterTheOther) {
  Server server(GetParam());
  HttpClient client(server->http_port());
  std::string requests;
  for (int i = 0; i < 50; ++i) {
    requests += PostText(kContacts + "CreateContact", kOwner + "\r\n",
                         absl::StrCat(R"({"contact":{"first_name":"A)", i, R"("}})"));
  }
  client.Send(requests);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.Read().field("first_name"), absl::StrCat("A", i));
}

TEST_P(Connection, AnswersARequestThatCameWhileAnotherWasUnderWay) {
  Server server(GetParam());
  server->list_gate.Close();
  HttpClient client(server->http_port());
  client.SendPost(kContacts + "ListContacts", "{}", {kOwner});
  server->list_gate.AwaitWaiting(1);
  client.SendPost(kContacts + "CreateContact", kAda, {kOwner});
  // One on each of the server's threads: when they have answered twice, it has been looked at.
  HttpClient one(server->http_port());
  HttpClient another(server->http_port());
  for (HttpClient* const other : {&one, &another, &one, &another}) {
    EXPECT_EQ(other->Post(kContacts + "CreateContact", kAda, {kOwner}).status, 200);
  }
  server->list_gate.Open();
  EXPECT_EQ(client.Read().status, 200);
  EXPECT_EQ(client.Read().field("first_name"), "Ada");
}

TEST_P(Connection, ReadsARequestThatComesByteByByte) {
  Server server(GetParam());
  HttpClient client(server->http_port());
  for (const char byte : PostText(kContacts + "CreateContact", kOwner + "\r\n", kAda)) {
    client.Send(absl::string_view(&byte, 1));
  }
  EXPECT_EQ(client.Read().field("first_name"), "Ada");
}

TEST_P(Connection, ReadsABodyInChunks) {
  Server server(GetParam());
  HttpClient client(server->http_port());
  client.Send(
      absl::StrCat("POST ", kContacts, "CreateContact HTTP/1.1\r\nhost: kith\r\n", kOwner,
                   "\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"));
  client.Send("a\r\n{\"contact\"\r\n");
  client.Send("16\r\n:{\"first_name\":\"Ada\"}}\r\n0\r\n\r\n");
  EXPECT_EQ(client.Read().field("first_name"), "Ada");
  EXPECT_EQ(client.Post(kContacts + "CreateContact", kAda, {kOwner}).status, 200);
}

TEST_P(Connection, AsksForABodyThatWaitsToBeAskedFor) {
  Server server(GetParam());
  HttpClient client(server->http_port());
  const std::string head = absl::StrCat(
      "POST ", kContacts, "CreateContact HTTP/1.1\r\nhost: kith\r\nexpect: 100-continue\r\n",
      "content-type: application/json\r\ncontent-length: ", sizeof(kAda) - 1, "\r\n");
  client.Send(absl::StrCat(head, kOwner, "\r\n\r\n"));
  EXPECT_EQ(client.Read().status, 100);
  client.Send(kAda);
  EXPECT_EQ(client.Read().status, 200);
  // Of who may not call it is not asked for, and whether it comes nobody can know.
  client.Send(absl::StrCat(head, "\r\n"));
  const HttpReply refused = client.Read();
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.header("connection"), "close");
  EXPECT_TRUE(client.IsClosed());
}

TEST_P(Connection, IsClosedWhenItsClientAsksForThat) {
  Server server(GetParam());
  HttpClient client(server->http_port());
  const HttpReply last =
      client.Post(kContacts + "CreateContact", kAda, {kOwner, "connection: close"});
  EXPECT_EQ(last.status, 200);
  EXPECT_EQ(last.header("connection"), "close");
  EXPECT_TRUE(client.IsClosed());
  HttpClient old(server->http_port());
  old.Send("GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.Read().status, 200);
  EXPECT_TRUE(old.IsClosed());
}

TEST_P(Connection, ReadsNoBodyOfWhoMayNotCall) {
  Server server(GetParam());
  HttpClient client(server->http_port());
  // More than is read past. The end of it never comes.
  client.Send(absl::StrCat("POST ", kContacts,
                           "CreateContact HTTP/1.1\r\nhost: kith\r\ncontent-type: ",
                           "application/json\r\ncontent-length: 100000\r\n\r\n", "{"));
  const HttpReply refused = client.Read();
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.header("connection"), "close");
  // A short one is read past, and the next request is answered.
  HttpClient other(server->http_port());
  EXPECT_EQ(other.Post(kContacts + "CreateContact", std::string(60'000, ' ')).status, 401);
  EXPECT_EQ(other.Post(kContacts + "CreateContact", kAda, {kOwner}).status, 200);
}

TEST_P(Connection, RefusesBodiesThatAreLongerThanAnyValidOne) {
  Server server(GetParam());
  for (const auto* type : {"json", "proto"}) {
    HttpClient said(server->http_port());
    said.Send(absl::StrCat("POST ", kContacts, "GetContact HTTP/1.1\r\nhost: kith\r\n", kOwner,
                           "\r\ncontent-type: application/", type,
                           "\r\ncontent-length: 1000000000000\r\n\r\n"));
    const HttpReply refused = said.Read();
    EXPECT_EQ(refused.status, 413);
    EXPECT_EQ(refused.reason(), "LIMIT_REACHED");
    EXPECT_THAT(refused.body, HasSubstr("request_bytes"));
  }
  HttpClient unsaid(server->http_port());
  unsaid.Send(
      absl::StrCat("POST ", kContacts, "GetContact HTTP/1.1\r\nhost: kith\r\n", kOwner,
                   "\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"));
  const std::string chunk = absl::StrCat("10000\r\n", std::string(0x10000, ' '), "\r\n");
  for (int i = 0; i < 100 && unsaid.Send(chunk); ++i) {
  }
  const HttpReply refused = unsaid.Read();
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(refused.reason(), "LIMIT_REACHED");
  // A message that is too long, though its JSON is not.
  HttpClient fits(server->http_port());
  EXPECT_EQ(fits.Post(kContacts + "GetContact",
                      absl::StrCat(R"({"name":")", std::string(500'000, 'a'), R"("})"), {kOwner})
                .reason(),
            "LIMIT_REACHED");
}

TEST_P(Connection, RefusesHeadersThatAreTooLong) {
  Server server(GetParam());
  HttpClient client(server->http_port());
  client.Send(absl::StrCat("GET /healthz HTTP/1.1\r\nhost: kith\r\nx: ", std::string(20'000, 'x'),
                           "\r\n\r\n"));
  const HttpReply refused = client.Read();
  EXPECT_EQ(refused.status, 431);
  EXPECT_EQ(refused.field("code"), "resource_exhausted");
  EXPECT_EQ(refused.reason(), "HEADERS_TOO_LONG");
  EXPECT_TRUE(client.IsClosed());
}

TEST_P(Connection, RefusesWhatIsNoRequest) {
  Server server(GetParam());
  const std::string cases[] = {
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15),
      "GET /healthz\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nhost: kith\r\nno colon\r\n\r\n",
      "GET  HTTP/1.1\r\nhost: kith\r\n\r\n",
      "POST / HTTP/1.1\r\nhost: kith\r\ncontent-length: many\r\n\r\n",
      "POST / HTTP/1.1\r\nhost: kith\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
      "POST / HTTP/1.1\r\nhost: kith\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
  };
  for (const std::string& text : cases) {
    HttpClient client(server->http_port());
    client.Send(text);
    const HttpReply refused = client.Read();
    EXPECT_EQ(refused.status, 400) << text;
    EXPECT_EQ(refused.reason(), "MALFORMED") << text;
    EXPECT_TRUE(client.IsClosed());
  }
  HttpClient chunks(server->http_port());
  chunks.Send(absl::StrCat("POST ", kContacts, "GetContact HTTP/1.1\r\nhost: kith\r\n", kOwner,
                           "\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n",
                           "\r\nmany\r\n{}\r\n"));
  EXPECT_EQ(chunks.Read().reason(), "MALFORMED");
}

TEST_P(Connection, RefusesARequestWithoutAHostOrWithTwo) {
  Server server(GetParam());
  for (const std::string head : {"HTTP/1.1", "HTTP/1.1\r\nhost: kith\r\nhost: kith",
                                 "HTTP/1.0\r\nhost: kith\r\nHost: other"}) {
    HttpClient client(server->http_port());
    client.Send(absl::StrCat("GET /healthz ", head, "\r\n\r\n"));
    const HttpReply refused = client.Read();
    EXPECT_EQ(refused.status, 400) << head;
    EXPECT_EQ(refused.reason(), "BAD_REQUEST") << head;
    EXPECT_TRUE(client.IsClosed());
  }
}

// Where nobody knows the end of a body, what follows would be taken for the next request.
TEST_P(Connection, RefusesACodingThatItDoesNotUnderstand) {
  Server server(GetParam());
  const std::string inner = PostText(kContacts + "CreateContact", kOwner + "\r\n", kAda);
  for (const std::string coding :
       {"xchunked", "identity", "chunked, gzip", "gzip, chunked", "\"chunked\"", "chunked, chunked",
        "chunked;q=1", "chunked\r\ntransfer-encoding: chunked"}) {
    HttpClient client(server->http_port());
    client.Send(absl::StrCat("POST ", kContacts, "GetContact HTTP/1.1\r\nhost: kith\r\n", kOwner,
                             "\r\ncontent-type: application/json\r\ntransfer-encoding: ", coding,
                             "\r\n\r\n", inner));
    EXPECT_EQ(client.Read().status, 400) << coding;
    EXPECT_TRUE(client.IsClosed()) << coding;
  }
  EXPECT_EQ(server->runtime().log.head(), Position(0)) << "what stood in the body was done";
}

TEST_P(Connection, BoundsWhatStandsBesideABody) {
  Server server(GetParam());
  const std::string head =
      absl::StrCat("POST ", kContacts, "GetContact HTTP/1.1\r\nhost: kith\r\n", kOwner,
                   "\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n");
  std::string trailers;
  for (int i = 0; i < 50'000; ++i) trailers += "t: x\r\n";
  for (const std::string& rest :
       {absl::StrCat("2;", std::string(200'000, 'a')), absl::StrCat(std::string(200'000, '0'), "2"),
        absl::StrCat("2\r\n{}\r\n0\r\n", trailers)}) {
    HttpClient client(server->http_port());
    client.Send(head);
    client.Send(rest);
    const HttpReply refused = client.Read();
    EXPECT_EQ(refused.status, 431);
    EXPECT_EQ(refused.reason(), "HEADERS_TOO_LONG");
  }
}

TEST_P(Connection, AnswersWhoAsksForTheHeadAlone) {
  Server server(GetParam());
  HttpClient client(server->http_port());
  for (const std::string path : {"/healthz", "/readyz", "/nowhere"}) {
    client.Send(absl::StrCat("HEAD ", path, " HTTP/1.1\r\nhost: x\r\n\r\n"));
    EXPECT_EQ(client.ReadHead().status, path == "/nowhere" ? 404 : 200);
  }
  EXPECT_EQ(client.Post(kContacts + "CreateContact", kAda, {kOwner}).status, 200)
      << "what came behind a head was taken for this answer";
  client.Send("DELETE /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
  EXPECT_EQ(client.Read().header("allow"), "GET, HEAD");
}

TEST_P(Connection, DoesNotKeepTheServerWithHalfABody) {
  Server server(GetParam());
  HttpClient half(server->http_port());
  half.Send(absl::StrCat("POST ", kContacts, "CreateContact HTTP/1.1\r\nhost: kith\r\n", kOwner,
                         "\r\ncontent-type: application/json\r\nexpect: 100-continue\r\n",
                         "content-length: 50\r\n\r\n"));
  EXPECT_EQ(half.ReadHead().status, 100) << "the body is waited for";
  server->StopWithGatesAsTheyAre();
  EXPECT_TRUE(half.IsClosed());
}

// Whatever comes, the server answers others afterwards.
TEST_P(Connection, BearsGarbage) {
  Server server(GetParam());
  kith::testing::SeededRandom random(31);
  for (int i = 0; i < 300; ++i) {
    HttpClient client(server->http_port());
    std::string bytes(static_cast<size_t>(7 * i), '\0');
    random.Fill(bytes.data(), bytes.size());
    if (i % 2 == 0)
      bytes = "POST " + kContacts + "CreateContact HTTP/1.1\r\nhost: kith\r\n" + bytes;
    if (i % 3 == 0) bytes += "\r\n\r\n";
    client.Send(bytes);
    client.EndSending();
    EXPECT_TRUE(client.IsClosed());
  }
  HttpClient client(server->http_port());
  EXPECT_EQ(client.Post(kContacts + "CreateContact", kAda, {kOwner}).status, 200);
}

TEST_P(Connection, LetsGoOfHalfARequestWhenItsClientIsGone) {
  Server server(GetParam());
  const std::string whole = PostText(kContacts + "CreateContact", kOwner + "\r\n", kAda);
  for (const size_t half : {size_t{1}, size_t{20}, whole.size() - 40, whole.size() - 1}) {
    HttpClient client(server->http_port());
    client.Send(whole.substr(0, half));
    client.EndSending();
    EXPECT_TRUE(client.IsClosed());
  }
}

TEST_P(Connection, EndsWhatComesTooSlowly) {
  Server server(GetParam());
  HttpClient silent(server->http_port());
  HttpClient header(server->http_port());
  HttpClient body(server->http_port());
  HttpClient unread(server->http_port());
  header.Send("POST /kith.contacts.v1");
  body.Send(absl::StrCat("POST ", kContacts, "CreateContact HTTP/1.1\r\nhost: kith\r\n", kOwner,
                         "\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"));
  // It is known to be read when the server has asked who calls.
  unread.Send(absl::StrCat("POST ", kContacts,
                           "CreateContact HTTP/1.1\r\nhost: kith\r\ncontent-type: ",
                           "application/json\r\ncontent-length: 100\r\n\r\n{"));
  EXPECT_EQ(unread.Read().status, 401);
  // One on each of the server's threads, which take what comes in its order: when they have
  // answered twice, what was sent before has been taken in.
  HttpClient one(server->http_port());
  HttpClient another(server->http_port());
  for (HttpClient* const client : {&one, &another, &one, &another}) {
    EXPECT_EQ(client->Post(kContacts + "CreateContact", kAda, {kOwner}).status, 200);
  }
  server->clock().Advance(absl::Seconds(31));
  EXPECT_TRUE(silent.IsClosed());
  EXPECT_TRUE(unread.IsClosed());
  const HttpReply late_header = header.Read();
  EXPECT_EQ(late_header.status, 408);
  EXPECT_EQ(late_header.field("code"), "deadline_exceeded");
  EXPECT_EQ(late_header.reason(), "TOO_SLOW");
  EXPECT_TRUE(header.IsClosed());
  const HttpReply late_body = body.Read();
  EXPECT_EQ(late_body.status, 408);
  EXPECT_EQ(late_body.reason(), "TOO_SLOW");
  EXPECT_TRUE(body.IsClosed());
  // Who is idle between requests has more time. It is known to be when who comes after it on its
  // thread has been answered.
  HttpClient after(server->http_port());
  EXPECT_EQ(one.Post(kContacts + "CreateContact", kAda, {kOwner}).status, 200);
  EXPECT_EQ(after.Post(kContacts + "CreateContact", kAda, {kOwner}).status, 200);
  server->clock().Advance(absl::Minutes(11));
  EXPECT_TRUE(one.IsClosed());
}

// Goal: a request whose turn to be read does not come is not held for ever. Method: of a key that
// may have one read at a time, one is, and others wait behind it.
TEST_P(Connection, EndsWhatWaitsTooLongToBeRead) {
  runtime::ServerOptions options;
  options.calls.arriving_per_key_max = 1;
  Server server(GetParam(), options);
  const auto unfinished = [](const std::string& path, const std::string& type) {
    return absl::StrCat("POST ", path, " HTTP/1.1\r\nhost: kith\r\n", kOwner,
                        "\r\ncontent-type: ", type,
                        "\r\nexpect: 100-continue\r\ncontent-length: 36\r\n\r\n");
  };
  HttpClient read(server->http_port());
  read.Send(unfinished(kContacts + "CreateContact", "application/json"));
  EXPECT_EQ(read.Read().status, 100);
  HttpClient waiting(server->http_port());
  waiting.Send(unfinished(kContacts + "CreateContact", "application/json"));
  HttpClient stream(server->http_port());
  stream.Send(unfinished(kEvents + "ReadEvents", "application/connect+json"));
  // They have been taken in when one of each thread that came later has been answered twice.
  HttpClient one(server->http_port());
  HttpClient another(server->http_port());
  const std::string stranger = "authorization: Bearer stranger";
  for (HttpClient* const client : {&one, &another, &one, &another}) {
    EXPECT_EQ(client->Post(kContacts + "CreateContact", kAda, {stranger}).status, 200);
  }
  server->clock().Advance(absl::Seconds(21));
  const HttpReply refused = waiting.Read();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.reason(), "LIMIT_REACHED");
  EXPECT_TRUE(waiting.IsClosed());
  EXPECT_EQ(stream.ReadHead().status, 200) << "a stream tells how it ends behind its head";
  EXPECT_THAT(stream.ReadChunk(), HasSubstr("LIMIT_REACHED"));
  EXPECT_EQ(stream.ReadChunk(), "");
  EXPECT_TRUE(stream.IsClosed());
  // What is being read has its own time, and the turn goes on behind those that are gone.
  read.Send(R"({"contact": {"first_name": "Grace"}})");
  EXPECT_EQ(read.Read().status, 200);
  EXPECT_EQ(another.Post(kContacts + "CreateContact", kAda, {kOwner}).status, 200);
}

TEST_P(Connection, CostsOthersNothingWhileItIsIdle) {
  Server server(GetParam());
  std::list<HttpClient> idle;
  for (int i = 0; i < 1'000; ++i) {
    HttpClient& client = idle.emplace_back(server->http_port());
    if (i % 2 == 0) client.Send("POST /kith.contacts.v1.ContactsService/Crea");
  }
  HttpClient client(server->http_port());
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(client.Post(kContacts + "CreateContact", kAda, {kOwner}).status, 200);
  }
  // Those that were used are as good as others.
  EXPECT_EQ(idle.back().Post(kContacts + "CreateContact", kAda, {kOwner}).status, 200);
}

TEST_P(Connection, IsClosedWhereThereAreAsManyAsMayBe) {
  HttpOptions http;
  http.connections_max = 10;
  Server server(GetParam(), {}, http);
  int refused = 0;
  {
    std::list<HttpClient> clients;
    for (int i = 0; i < 20; ++i) {
      HttpClient& client = clients.emplace_back(server->http_port());
      client.Send("GET /healthz HTTP/1.1\r\nhost: kith\r\n\r\n");
      refused += client.Read().status == 0;
    }
    EXPECT_EQ(refused, 10);
  }
  // The server learns that they are gone in its own time.
  int status = 0;
  while (status != 200) {
    HttpClient client(server->http_port());
    client.Send("GET /healthz HTTP/1.1\r\nhost: kith\r\n\r\n");
    status = client.Read().status;
  }
}

TEST_P(Connection, EndsAfterTheCallInFlightWhenTheServerStops) {
  runtime::ServerOptions options;
  options.stop_grace = absl::Hours(1);
  Server server(GetParam(), options);
  HttpClient idle(server->http_port());
  HttpClient late(server->http_port());
  for (HttpClient* const client : {&idle, &late}) {
    EXPECT_EQ(client->Post(kContacts + "CreateContact", kAda, {kOwner}).status, 200);
  }
  HttpClient busy(server->http_port());
  server->list_gate.Close();
  busy.SendPost(kContacts + "ListContacts", "{}", {kOwner});
  server->list_gate.AwaitWaiting(1);
  std::thread stopping([&] { server->StopWithGatesAsTheyAre(); });
  // The last answer of a connection says so, and calls that come later over others are refused.
  while (idle.Post(kContacts + "CreateContact", kAda, {kOwner}).header("connection") != "close") {
  }
  EXPECT_TRUE(idle.IsClosed());
  const HttpReply refused = late.Post(kContacts + "CreateContact", kAda, {kOwner});
  EXPECT_EQ(refused.reason(), "SHUTTING_DOWN");
  EXPECT_EQ(refused.header("connection"), "close");
  EXPECT_TRUE(late.IsClosed());
  server->list_gate.Open();
  const HttpReply last = busy.Read();
  EXPECT_EQ(last.status, 200);
  EXPECT_EQ(last.header("connection"), "close");
  EXPECT_TRUE(busy.IsClosed());
  stopping.join();
}

// The end of the server would wait an hour for the scan, which would go on.
TEST_P(Connection, CancelsTheReadOfAClientThatIsGone) {
  runtime::ServerOptions options;
  options.stop_grace = absl::Hours(1);
  Server server(GetParam(), options);
  HttpClient client(server->http_port());
  EXPECT_EQ(client.Post(kContacts + "CreateContact", kAda, {kOwner}).status, 200);
  server->list_gate.Close();
  {
    HttpClient leaving(server->http_port());
    leaving.SendPost(kContacts + "ListContacts", R"({"filter":"forever"})", {kOwner});
    server->list_gate.AwaitWaiting(1);
  }
  server->list_gate.Open();
}

}  // namespace
}  // namespace kith::edge
