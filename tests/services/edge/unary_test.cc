// Calls of one reply over HTTP: what they carry, and that it is what gRPC has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/escaping.h"
#include "google/rpc/error_details.pb.h"
#include "nlohmann/json.hpp"
#include "services/edge/gzip.h"
#include "tests/services/edge/http_client.h"
#include "tests/services/edge/http_person_server.h"

namespace kith::edge {
namespace {

using contacts::v1::Contact;
using contacts::v1::CreateContactRequest;
using contacts::v1::GetContactRequest;
using contacts::v1::ListContactsRequest;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kAda[] = R"({"contact":{"first_name":"Ada"}})";

TEST(UnaryCall, IsAnsweredInJson) {
  HttpPersonServer server;
  HttpClient client(server.http_port());
  const HttpReply made = client.Post(kContacts + "CreateContact", kAda, {kOwner});
  EXPECT_EQ(made.status, 200);
  EXPECT_EQ(made.header("content-type"), "application/json");
  EXPECT_EQ(made.field("first_name"), "Ada");
  EXPECT_THAT(made.field("name"), StartsWith("contacts/"));
  EXPECT_THAT(made.header("kith-token"), Not(IsEmpty()));
  EXPECT_THAT(made.header("date"), HasSubstr("2023"));  // the server's clock stands there

  // On the same connection, a read that must see what was made.
  const std::string get =
      absl::StrCat(R"({"name":")", made.field("name"), R"(","read":{"at_least":")",
                   made.header("kith-token"), R"("}})");
  const HttpReply got = client.Post(kContacts + "GetContact", get, {kOwner});
  EXPECT_EQ(got.status, 200) << got.body;
  EXPECT_EQ(got.field("first_name"), "Ada");
}

TEST(UnaryCall, IsAnsweredInProtobuf) {
  HttpPersonServer server;
  HttpClient client(server.http_port());
  CreateContactRequest request;
  request.mutable_contact()->set_first_name("Ada");
  const HttpReply made = client.Post(kContacts + "CreateContact", request.SerializeAsString(),
                                     {kOwner, "content-type: application/proto"});
  EXPECT_EQ(made.status, 200);
  EXPECT_EQ(made.header("content-type"), "application/proto");
  Contact contact;
  ASSERT_TRUE(contact.ParseFromString(made.body));
  EXPECT_EQ(contact.first_name(), "Ada");
}

TEST(UnaryCall, TakesEffectOnceWithItsRequestId) {
  HttpPersonServer server;
  HttpClient client(server.http_port());
  constexpr char kOnce[] = R"({"contact":{"first_name":"Ada"},"request_id":"once"})";
  const HttpReply first = client.Post(kContacts + "CreateContact", kOnce, {kOwner});
  EXPECT_EQ(first.header("kith-repeated"), "");
  const HttpReply second = client.Post(kContacts + "CreateContact", kOnce, {kOwner});
  EXPECT_EQ(second.header("kith-repeated"), "true");
  EXPECT_EQ(second.field("name"), first.field("name"));
  // The same request by gRPC is the same request.
  CreateContactRequest request;
  request.mutable_contact()->set_first_name("Ada");
  request.set_request_id("once");
  runtime::Call call;
  Contact third;
  ASSERT_TRUE(server.contacts().CreateContact(&call, request, &third).ok());
  EXPECT_EQ(third.name(), first.field("name"));
}

TEST(UnaryCall, IsRefusedWithTheDetailsThatGrpcHas) {
  HttpPersonServer server;
  HttpClient client(server.http_port());
  GetContactRequest request;
  request.set_name("contacts/nobody");
  runtime::Call call;
  Contact contact;
  const grpc::Status told = server.contacts().GetContact(&call, request, &contact);
  ASSERT_EQ(told.error_code(), grpc::StatusCode::NOT_FOUND);
  const google::rpc::Status expected = runtime::DetailsOf(told);

  for (const std::string type : {"json", "proto"}) {
    const std::string body =
        type == "json" ? R"({"name":"contacts/nobody"})" : request.SerializeAsString();
    const HttpReply refused =
        client.Post(kContacts + "GetContact", body, {kOwner, "content-type: application/" + type});
    EXPECT_EQ(refused.status, 404);
    EXPECT_EQ(refused.header("content-type"), "application/json");
    EXPECT_EQ(refused.field("code"), "not_found");
    EXPECT_EQ(refused.field("message"), expected.message());
    const auto details = nlohmann::json::parse(refused.body)["details"];
    ASSERT_EQ(details.size(), static_cast<size_t>(expected.details_size()));
    for (int i = 0; i < expected.details_size(); ++i) {
      EXPECT_EQ(absl::StrCat("type.googleapis.com/", details[i]["type"].get<std::string>()),
                expected.details(i).type_url());
      std::string value;
      ASSERT_TRUE(absl::Base64Unescape(details[i]["value"].get<std::string>(), &value));
      EXPECT_EQ(value, expected.details(i).value());
      EXPECT_EQ(details[i]["value"].get<std::string>().find('='), std::string::npos);
    }
    EXPECT_EQ(refused.reason(), "CONTACT_NOT_FOUND");
  }
}

TEST(UnaryCall, NeedsCredentialsAndTheirGrant) {
  HttpPersonServer server;
  HttpClient client(server.http_port());
  const HttpReply nobody = client.Post(kContacts + "CreateContact", kAda);
  EXPECT_EQ(nobody.status, 401);
  EXPECT_EQ(nobody.field("code"), "unauthenticated");
  const HttpReply wrong =
      client.Post(kContacts + "CreateContact", kAda, {"authorization: Bearer x"});
  EXPECT_EQ(wrong.status, 401);
  const HttpReply reader =
      client.Post(kContacts + "CreateContact", kAda, {"authorization: Bearer reader"});
  EXPECT_EQ(reader.status, 403);
  EXPECT_EQ(reader.field("code"), "permission_denied");
  EXPECT_EQ(reader.reason(), "PERMISSION_DENIED");
}

TEST(UnaryCall, IsMadeWithOneCredentialForOneUser) {
  HttpPersonServer server;
  HttpClient client(server.http_port());
  for (const char* second : {"authorization: Bearer reader", "Authorization: Bearer owner"}) {
    const HttpReply twice = client.Post(kContacts + "CreateContact", kAda, {kOwner, second});
    EXPECT_EQ(twice.status, 401) << second;
    EXPECT_THAT(twice.field("message"), HasSubstr("once"));
  }
  const HttpReply for_two =
      client.Post(kContacts + "CreateContact", kAda,
                  {kOwner, "kith-on-behalf-of: users/1", "kith-on-behalf-of: users/2"});
  EXPECT_EQ(for_two.status, 400);
  EXPECT_EQ(for_two.reason(), "INVALID_FIELD");
}

TEST(UnaryCall, ReadsAndAnswersGzip) {
  HttpPersonServer server;
  HttpClient client(server.http_port());
  const HttpReply made =
      client.Post(kContacts + "CreateContact", Gzip(kAda), {kOwner, "content-encoding: gzip"});
  EXPECT_EQ(made.status, 200) << made.body;
  // Codings have no case, and gzip may have several members.
  const std::string halves = Gzip(R"({"contact":)") + Gzip(R"({"first_name":"Ada"}})");
  const HttpReply members =
      client.Post(kContacts + "CreateContact", halves, {kOwner, "content-encoding: GZIP"});
  EXPECT_EQ(members.field("first_name"), "Ada") << members.body;
  // Twenty contacts of a kilobyte each.
  const HttpReply list = client.Post(kContacts + "ListContacts", R"({"page_size":20})",
                                     {kOwner, "accept-encoding: br, Gzip;q=0.5"});
  EXPECT_EQ(list.header("content-encoding"), "gzip");
  EXPECT_LT(list.body.size(), 2'000);
  const auto unpacked = Gunzip(list.body, 1 << 20);
  ASSERT_TRUE(unpacked.ok()) << unpacked.status();
  EXPECT_THAT(*unpacked, StartsWith(R"({"contacts":[{"notes":"nnn)"));
  // Not asked for, not given; and what is short is left as it is.
  const HttpReply plain = client.Post(kContacts + "ListContacts", R"({"page_size":20})",
                                      {kOwner, "accept-encoding: gzip;q=0"});
  EXPECT_EQ(plain.header("content-encoding"), "");
  EXPECT_EQ(plain.body, *unpacked);
  const HttpReply small =
      client.Post(kContacts + "ListContacts", "{}", {kOwner, "accept-encoding: gzip"});
  EXPECT_EQ(small.header("content-encoding"), "");
  EXPECT_EQ(small.body, "{}");
}

TEST(UnaryCall, RefusesWhatIsCompressedOtherwiseOrTooMuch) {
  HttpPersonServer server;
  HttpClient client(server.http_port());
  const HttpReply brotli =
      client.Post(kContacts + "CreateContact", kAda, {kOwner, "content-encoding: br"});
  EXPECT_EQ(brotli.status, 501);
  EXPECT_EQ(brotli.field("code"), "unimplemented");
  EXPECT_EQ(brotli.reason(), "UNKNOWN_COMPRESSION");
  const HttpReply none =
      client.Post(kContacts + "CreateContact", kAda, {kOwner, "content-encoding: gzip"});
  EXPECT_EQ(none.status, 400);
  EXPECT_EQ(none.reason(), "INVALID_FIELD");
  const HttpReply bomb = client.Post(kContacts + "CreateContact", Gzip(std::string(200 << 20, ' ')),
                                     {kOwner, "content-encoding: gzip"});
  EXPECT_EQ(bomb.status, 413);
  EXPECT_EQ(bomb.reason(), "LIMIT_REACHED");
}

TEST(UnaryCall, ReadsByGet) {
  HttpPersonServer server;
  HttpClient client(server.http_port());
  const auto get = [&](const std::string& target) {
    client.Send(absl::StrCat("GET ", target, " HTTP/1.1\r\nhost: kith\r\n", kOwner, "\r\n\r\n"));
    return client.Read();
  };
  const std::string list = kContacts + "ListContacts?connect=v1&encoding=";
  const HttpReply json = get(list + "json&message=%7B%22page_size%22%3A1%7D");
  EXPECT_EQ(json.status, 200) << json.body;
  EXPECT_THAT(json.body, StartsWith(R"({"contacts":[{"notes":"nnn)"));
  EXPECT_EQ(json.header("cache-control"), "no-store");
  ListContactsRequest request;
  request.set_page_size(1);
  const HttpReply proto = get(absl::StrCat(
      list, "proto&base64=1&message=", absl::WebSafeBase64Escape(request.SerializeAsString())));
  contacts::v1::ListContactsResponse response;
  ASSERT_TRUE(response.ParseFromString(proto.body));
  EXPECT_EQ(response.contacts_size(), 1);
  const HttpReply packed = get(absl::StrCat(list, "json&base64=1&compression=gzip&message=",
                                            absl::WebSafeBase64Escape(Gzip(R"({"page_size":1})"))));
  EXPECT_EQ(packed.body, json.body);

  // What changes something is not to be asked for by a link.
  const HttpReply command = get(kContacts + "CreateContact?encoding=json&message=%7B%7D");
  EXPECT_EQ(command.status, 405);
  EXPECT_EQ(command.reason(), "METHOD_NOT_ALLOWED");
  EXPECT_EQ(command.header("allow"), "POST");
  EXPECT_EQ(get(kContacts + "BatchCreateContacts?encoding=json&message=%7B%7D").status, 405);
  EXPECT_EQ(get(kContacts + "GetContact?encoding=json&message=%7").reason(), "BAD_REQUEST");
}

TEST(UnaryCall, EndsWhenItsDeadlinePasses) {
  HttpPersonServer server;
  server.list_gate.Close();
  HttpClient client(server.http_port());
  client.SendPost(kContacts + "ListContacts", "{}", {kOwner, "connect-timeout-ms: 5000"});
  server.list_gate.AwaitWaiting(1);
  server.clock().Advance(absl::Seconds(6));
  // The call stands before its gate still.
  const HttpReply late = client.Read();
  EXPECT_EQ(late.status, 504);
  EXPECT_EQ(late.field("code"), "deadline_exceeded");
  EXPECT_EQ(late.reason(), "DEADLINE_EXCEEDED");
  // The connection goes on, whatever becomes of that call.
  EXPECT_EQ(client.Post(kContacts + "CreateContact", kAda, {kOwner}).status, 200);
  server.list_gate.Open();
  EXPECT_EQ(client.Post(kContacts + "ListContacts", "{}", {kOwner}).status, 200);

  const HttpReply at_once =
      client.Post(kContacts + "ListContacts", "{}", {kOwner, "connect-timeout-ms: 0"});
  EXPECT_EQ(at_once.field("code"), "deadline_exceeded");
  for (const auto* timeout : {"soon", "-1", "12345678901", "1.5"}) {
    const HttpReply bad = client.Post(kContacts + "ListContacts", "{}",
                                      {kOwner, absl::StrCat("connect-timeout-ms: ", timeout)});
    EXPECT_EQ(bad.status, 400) << timeout;
    EXPECT_EQ(bad.reason(), "BAD_REQUEST") << timeout;
  }
}

TEST(UnaryCall, AsksForItsProtocol) {
  HttpPersonServer server;
  HttpClient client(server.http_port());
  EXPECT_EQ(client.Post(kContacts + "NoSuchMethod", "{}", {kOwner}).status, 404);
  const HttpReply unknown = client.Post("/", "{}", {kOwner});
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.field("code"), "unimplemented");
  EXPECT_EQ(unknown.reason(), "NOT_FOUND");
  const HttpReply form = client.Post(kContacts + "GetContact", "name=a",
                                     {kOwner, "content-type: application/x-www-form-urlencoded"});
  EXPECT_EQ(form.status, 415);
  EXPECT_EQ(form.reason(), "UNSUPPORTED_MEDIA_TYPE");
  const HttpReply stream =
      client.Post(kContacts + "GetContact", "", {kOwner, "content-type: application/connect+json"});
  EXPECT_EQ(stream.status, 415);
  const HttpReply version =
      client.Post(kContacts + "GetContact", "{}", {kOwner, "connect-protocol-version: 2"});
  EXPECT_EQ(version.reason(), "BAD_REQUEST");
  client.Send(absl::StrCat("PUT ", kContacts,
                           "GetContact HTTP/1.1\r\nhost: kith\r\ncontent-length: 0\r\n\r\n"));
  const HttpReply put = client.Read();
  EXPECT_EQ(put.status, 405);
  EXPECT_EQ(put.header("allow"), "GET, POST");
  EXPECT_EQ(client
                .Post(kContacts + "CreateContact", kAda,
                      {kOwner, "connect-protocol-version: 1", "Content-Type: x",
                       "content-type: Application/JSON; charset=utf-8"})
                .status,
            415);  // the first of two headers counts
  EXPECT_EQ(client
                .Post(kContacts + "CreateContact", kAda,
                      {kOwner, "connect-protocol-version: 1",
                       "content-type: Application/JSON; charset=utf-8"})
                .status,
            200);
}

TEST(UnaryCall, IsLetInFromPagesOfNamedOriginsOnly) {
  HttpOptions http;
  http.origins = {"https://app.example", "http://localhost:3000"};
  HttpPersonServer server({}, http);
  HttpClient client(server.http_port());
  const auto ask = [&](const std::string& origin) {
    client.Send(absl::StrCat("OPTIONS ", kContacts,
                             "CreateContact HTTP/1.1\r\nhost: kith\r\norigin: ", origin,
                             "\r\naccess-control-request-method: POST\r\n\r\n"));
    return client.Read();
  };
  const HttpReply allowed = ask("https://app.example");
  EXPECT_EQ(allowed.status, 200);
  EXPECT_EQ(allowed.header("access-control-allow-origin"), "https://app.example");
  EXPECT_EQ(allowed.header("access-control-allow-methods"), "GET, POST");
  EXPECT_THAT(allowed.header("access-control-allow-headers"), HasSubstr("authorization"));
  EXPECT_EQ(allowed.header("vary"), "origin");
  const HttpReply refused = ask("https://other.example");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.header("access-control-allow-origin"), "");
  EXPECT_EQ(refused.reason(), "ORIGIN_NOT_ALLOWED");

  const HttpReply made =
      client.Post(kContacts + "CreateContact", kAda, {kOwner, "origin: http://localhost:3000"});
  EXPECT_EQ(made.header("access-control-allow-origin"), "http://localhost:3000");
  EXPECT_THAT(made.header("access-control-expose-headers"), HasSubstr("kith-token"));
  const HttpReply failed =
      client.Post(kContacts + "CreateContact", kAda, {"origin: http://localhost:3000"});
  EXPECT_EQ(failed.status, 401);
  EXPECT_EQ(failed.header("access-control-allow-origin"), "http://localhost:3000");
  const HttpReply other =
      client.Post(kContacts + "CreateContact", kAda, {kOwner, "origin: https://other.example"});
  EXPECT_EQ(other.header("access-control-allow-origin"), "");
  EXPECT_EQ(other.status, 403) << "and is not carried out";
  EXPECT_EQ(other.reason(), "ORIGIN_NOT_ALLOWED");
  const HttpReply own =
      client.Post(kContacts + "CreateContact", kAda, {kOwner, "origin: https://kith"});
  EXPECT_EQ(own.status, 200) << own.body;
}

// As a proxy is asked, and whoever takes this port for one.
TEST(UnaryCall, IsMadeToAWholeAddress) {
  HttpPersonServer server;
  HttpClient client(server.http_port());
  const auto ask = [&](const std::string& target, const std::string& headers) {
    client.Send(absl::StrCat(
        "POST ", target, " HTTP/1.1\r\nhost: other\r\n", kOwner, "\r\n", headers,
        "content-type: application/json\r\ncontent-length: ", sizeof(kAda) - 1, "\r\n\r\n", kAda));
    return client.Read();
  };
  const std::string path = kContacts + "CreateContact";
  EXPECT_EQ(ask("http://kith" + path, "").status, 200);
  EXPECT_EQ(ask("HTTPS://kith:7448" + path, "").status, 200);
  EXPECT_EQ(ask("http://kith", "").status, 404);
  EXPECT_EQ(ask("ftp://kith" + path, "").status, 404);
  // The host is the address's.
  EXPECT_EQ(ask("http://kith" + path, "origin: http://kith\r\n").status, 200);
  EXPECT_EQ(ask("http://kith" + path, "origin: http://other\r\n").status, 403);
}

TEST(Health, IsToldWithoutCredentials) {
  HttpPersonServer server;
  HttpClient client(server.http_port());
  for (const auto* path : {"/healthz", "/readyz"}) {
    client.Send(absl::StrCat("GET ", path, " HTTP/1.1\r\nhost: kith\r\n\r\n"));
    const HttpReply reply = client.Read();
    EXPECT_EQ(reply.status, 200) << path;
    EXPECT_EQ(reply.field("status"), "SERVING") << path;
  }
}

}  // namespace
}  // namespace kith::edge
