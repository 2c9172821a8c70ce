// Who is let in with a token or a certificate in place of an API key: by a whole server, whose
// clock is the test's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "eventstore/base/metrics.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/events/v1/events_service.grpc.pb.h"
#include "kith/sessions/v1/sessions_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/services/runtime/tls_folder.h"
#include "tests/testing/captured_log.h"
#include "tests/testing/certificates.h"
#include "tests/testing/test_server.h"
#include "tests/testing/token_key.h"

namespace kith::workspaces {
namespace {

using contacts::v1::ContactsService;
using kith::testing::JwkSetOf;
using kith::testing::ReplaceFile;
using kith::testing::TestServer;
using kith::testing::TokenKey;
using users::v1::UsersService;

double Metric(const std::string& name) {
  return CollectMetrics().families().at(name).samples.at(0).value;
}

class TokensTest : public ::testing::Test {
 protected:
  TokensTest() {
    users::v1::CreateUserRequest request;
    request.mutable_user()->set_display_name("Ada");
    request.mutable_user()->add_roles("roles/integration");
    ada_ = server_.Call(&UsersService::Stub::CreateUser, request)->name();
  }

  TestServer NewServer() {
    ReplaceFile(jwks_, JwkSetOf({key_.Jwk()}));
    return TestServer(nullptr, [this](runtime::ServerOptions& options) {
      options.authentication.tokens = {.jwks = jwks_, .issuer = "id", .audience = "kith"};
      options.authentication.tokens_max = 20;
    });
  }
  // One of Ada's for ten minutes, but for what is changed in it: `"scope":""`.
  std::string Token(const std::string& changed = "") { return Token(key_, changed); }
  std::string Token(const TokenKey& key, const std::string& changed = "") {
    return key.Sign(absl::StrCat(
        R"({"iss":"id","aud":"kith","kith_workspace":"workspaces/1","scope":"*","sub":")", ada_,
        R"(","exp":)", absl::ToUnixSeconds(server_.clock().Now() + absl::Minutes(10)),
        changed.empty() ? "" : ",", changed, "}"));
  }
  kith::testing::Reply<contacts::v1::Contact> CreateWith(const std::string& token) {
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name("Grace");
    return server_.CallWith(token, &ContactsService::Stub::CreateContact, request);
  }
  std::string Refused(const std::string& token) { return CreateWith(token).reason(); }

  const kith::testing::TempFolder folder_;
  const std::string jwks_ = folder_ / "jwks.json";
  const TokenKey key_{"ES256", "first"};
  TestServer server_ = NewServer();
  std::string ada_;
};

TEST_F(TokensTest, LetTheirUsersIn) {
  const auto created = CreateWith(Token());
  ASSERT_EQ(created.reason(), "");
  contacts::v1::ListContactRevisionsRequest request;
  request.set_name(created->name());
  const auto history = server_.Call(&ContactsService::Stub::ListContactRevisions, request);
  EXPECT_EQ(history->revisions(0).revision().actor(), ada_);
}

TEST_F(TokensTest, GrantWhatTheirScopeSays) {
  const auto refused = CreateWith(Token(R"("scope":"contacts.read openid")"));
  EXPECT_EQ(refused.reason(), "PERMISSION_DENIED");
  EXPECT_EQ(refused.metadata("permission"), "contacts.write");
  EXPECT_EQ(Refused(Token(R"("scope":"contacts.write")")), "");
  const auto list = [this](const std::string& token) {
    return server_.CallWith(token, &v1::WorkspacesService::Stub::ListWorkspaces, {}).reason();
  };
  EXPECT_EQ(list(Token(R"("scope":"* operator.* operator.workspaces")")), "PERMISSION_DENIED");
  // Nor does it make keys, which would last longer.
  users::v1::UpdateUserRequest admin;
  admin.mutable_user()->set_name(ada_);
  admin.mutable_user()->add_roles("roles/admin");
  ASSERT_EQ(server_.Call(&UsersService::Stub::UpdateUser, admin).reason(), "");
  v1::CreateApiKeyRequest request;
  request.mutable_api_key()->set_display_name("Mine");
  request.mutable_api_key()->add_permissions("contacts.read");
  EXPECT_EQ(server_.CallWith(Token(), &v1::WorkspacesService::Stub::CreateApiKey, request).reason(),
            "PERMISSION_NOT_GRANTED");
}

TEST_F(TokensTest, AreOfAWorkspaceAndAUserThatAreThere) {
  EXPECT_EQ(Refused(Token(R"("kith_workspace":"workspaces/2")")), "TOKEN_WITHOUT_USER");
  EXPECT_EQ(Refused(Token(R"("sub":"users/01M842D8ARKKGN3MB7GYD26GXX")")), "TOKEN_WITHOUT_USER");
  server_.Call(&v1::WorkspacesService::Stub::CreateWorkspace, [] {
    v1::CreateWorkspaceRequest request;
    request.mutable_workspace()->set_display_name("Other");
    return request;
  }());
  EXPECT_EQ(Refused(Token(R"("kith_workspace":"workspaces/2")")), "TOKEN_WITHOUT_USER")
      << "the user is of another workspace";
}

TEST_F(TokensTest, LetNobodyInWhoseUserIsDeleted) {
  const std::string token = Token();
  contacts::v1::DeleteContactRequest of_hers;  // who owns records stays
  of_hers.set_name(CreateWith(token)->name());
  ASSERT_EQ(server_.Call(&ContactsService::Stub::DeleteContact, of_hers).reason(), "");
  users::v1::DeleteUserRequest request;
  request.set_name(ada_);
  EXPECT_EQ(server_.Call(&UsersService::Stub::DeleteUser, request).reason(), "");
  EXPECT_EQ(Refused(token), "TOKEN_WITHOUT_USER");
  users::v1::UndeleteUserRequest back;
  back.set_name(ada_);
  EXPECT_EQ(server_.Call(&UsersService::Stub::UndeleteUser, back).reason(), "");
  EXPECT_EQ(Refused(token), "");
}

TEST_F(TokensTest, AreRefusedWithATypeAndNothingElse) {
  const TokenKey other("ES256", "first");
  EXPECT_EQ(Refused(Token(other)), "TOKEN_INVALID");
  EXPECT_EQ(Refused(Token(R"("aud":"other")")), "TOKEN_INVALID");
  EXPECT_EQ(Refused(Token(R"("exp":1)")), "TOKEN_EXPIRED");
  EXPECT_EQ(Refused(Token(R"("nbf":99999999999)")), "TOKEN_NOT_YET_VALID");
  const auto refused = CreateWith(Token(other));
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_TRUE(refused.detail<google::rpc::ErrorInfo>().metadata().empty());
  // Keys are taken as before.
  EXPECT_EQ(Refused(server_.secret()), "");
  EXPECT_EQ(Refused("kith_1_x.y.z"), "TOKEN_INVALID");
  EXPECT_EQ(Refused("kith_1_x"), "UNAUTHENTICATED");
}

TEST_F(TokensTest, AreVerifiedOnceUntilTheyExpire) {
  const std::string token = Token();
  const double before = Metric("kith_token_verifications_total");
  for (int i = 0; i < 100; ++i) ASSERT_EQ(Refused(token), "");
  EXPECT_EQ(Metric("kith_token_verifications_total"), before + 1);
  server_.clock().Advance(absl::Minutes(11) - absl::Seconds(1));
  EXPECT_EQ(Refused(token), "");
  server_.clock().Advance(absl::Seconds(1));
  EXPECT_EQ(Refused(token), "TOKEN_EXPIRED");
}

TEST_F(TokensTest, AreForgottenWhereThereAreTooMany) {
  const double before = Metric("kith_token_verifications_total");
  const std::string first = Token(R"("jti":"first")");
  EXPECT_EQ(Refused(first), "");
  for (int i = 0; i < 9; ++i) EXPECT_EQ(Refused(Token(absl::StrCat(R"("jti":)", i))), "");
  EXPECT_EQ(Refused(first), "");
  EXPECT_EQ(Metric("kith_token_verifications_total"), before + 10) << "it was known";
  for (int i = 100; i < 130; ++i) EXPECT_EQ(Refused(Token(absl::StrCat(R"("jti":)", i))), "");
  EXPECT_EQ(Refused(first), "");
  EXPECT_EQ(Metric("kith_token_verifications_total"), before + 41) << "it was verified anew";
}

TEST_F(TokensTest, CountWithTheKeysThatAreInTheFile) {
  const std::string token = Token();
  EXPECT_EQ(Refused(token), "");
  const TokenKey next("RS256", "next");
  ReplaceFile(jwks_, JwkSetOf({next.Jwk()}));
  EXPECT_EQ(Refused(token), "") << "it is looked at once a second";
  server_.clock().Advance(absl::Seconds(1));
  EXPECT_EQ(Refused(token), "TOKEN_INVALID");
  EXPECT_EQ(Refused(Token(next)), "");
  // What cannot be used is not taken.
  const kith::testing::CapturedLog log;
  ReplaceFile(jwks_, R"({"keys":[]})");
  server_.clock().Advance(absl::Seconds(1));
  EXPECT_EQ(Refused(Token(next)), "");
  EXPECT_EQ(Metric("kith_credential_file_current"), 0);
  log.Await("the one before stays");
  ReplaceFile(jwks_, JwkSetOf({key_.Jwk(), next.Jwk()}));
  server_.clock().Advance(absl::Seconds(1));
  EXPECT_EQ(Refused(token), "");
  EXPECT_EQ(Metric("kith_credential_file_current"), 1);
}

TEST_F(TokensTest, EndTheStreamsThatTheyOpenedWhenTheyExpire) {
  events::v1::EventsService::Stub stub(server_.channel());
  grpc::ClientContext context;
  context.AddMetadata("authorization", absl::StrCat("Bearer ", Token()));
  const auto stream = stub.SubscribeEvents(&context, {});
  events::v1::SubscribeEventsResponse response;
  ASSERT_TRUE(stream->Read(&response));
  server_.clock().Advance(absl::Minutes(11));
  EXPECT_EQ(CreateWith(server_.secret()).reason(), "");
  while (stream->Read(&response)) {
  }
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  google::rpc::Status error;
  error.ParseFromString(status.error_details());
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(error.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "TOKEN_EXPIRED");
}

// A service whose certificate stands for an API key.
class ClientKeysTest : public ::testing::Test {
 protected:
  ClientKeysTest() {
    v1::CreateApiKeyRequest request;
    request.mutable_api_key()->set_display_name("Billing");
    request.mutable_api_key()->add_permissions("contacts.write");
    key_ = server_.Call(&v1::WorkspacesService::Stub::CreateApiKey, request)->api_key().name();
    Write(absl::StrCat("# services\n\nURI:spiffe://kith/billing workspaces/1/", key_,
                       "\nDNS:Import.Example.org\tworkspaces/1/", key_, "\n"));
  }

  TestServer NewServer() {
    ReplaceFile(client_keys_, "# nobody yet\n");
    return TestServer(
        nullptr,
        [this](runtime::ServerOptions& options) {
          options.tls = runtime::TlsFolder::Open(folder_.MutualOptions(/*require=*/false));
          options.authentication.client_keys = client_keys_;
        },
        folder_.ClientCredentials());
  }
  void Write(const std::string& text) {
    ReplaceFile(client_keys_, text);
    server_.clock().Advance(absl::Seconds(1));
  }
  // Of a call of a client whose certificate is for these names.
  std::string Refused(const std::vector<std::string>& names, const std::string& secret = "") {
    const auto certificate = folder_.clients.Issue({.names = names});
    ContactsService::Stub stub(
        grpc::CreateChannel(server_.address(), folder_.ClientCredentials(certificate)));
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name("Grace");
    grpc::ClientContext context;
    if (!secret.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", secret));
    kith::testing::Reply<contacts::v1::Contact> reply;
    reply.status = stub.CreateContact(&context, request, &reply.response);
    reply.error.ParseFromString(reply.status.error_details());
    return reply.reason();
  }

  runtime::TlsFolder folder_;
  const kith::testing::TempFolder more_;
  const std::string client_keys_ = more_ / "client_keys";
  TestServer server_ = NewServer();
  std::string key_;
};

TEST_F(ClientKeysTest, AreWhatCertificatesStandFor) {
  EXPECT_EQ(Refused({"URI:spiffe://kith/billing"}), "");
  EXPECT_EQ(Refused({"DNS:other", "DNS:import.example.ORG"}), "");
  EXPECT_EQ(Refused({"URI:spiffe://kith/other"}), "UNAUTHENTICATED");
  EXPECT_EQ(Refused({"URI:import.example.org"}), "UNAUTHENTICATED") << "of another kind";
  EXPECT_EQ(Refused({"email:spiffe@kith.org"}), "UNAUTHENTICATED");
}

TEST_F(ClientKeysTest, CountNothingBesideWhatACallShows) {
  EXPECT_EQ(Refused({"URI:spiffe://kith/billing"}, server_.secret()), "");
  EXPECT_EQ(Refused({"URI:spiffe://kith/billing"}, "kith_1_x"), "UNAUTHENTICATED");
}

// Goal: a connection lets nobody in for longer than the certificate that it began with counts, nor
// does a session over it. Method: both are open when the clock passes the certificate's end; the
// handshakes were long ago.
TEST_F(ClientKeysTest, CountUntilTheCertificateExpires) {
  using sessions::v1::RunSessionRequest;
  const absl::Time until = absl::FromTimeT(absl::ToTimeT(SystemClock().Now())) + absl::Hours(1);
  const auto certificate =
      folder_.clients.Issue({.names = {"URI:spiffe://kith/billing"}, .until = until});
  const auto channel =
      grpc::CreateChannel(server_.address(), folder_.ClientCredentials(certificate));
  const auto create = [&] {
    ContactsService::Stub stub(channel);
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name("Grace");
    grpc::ClientContext context;
    kith::testing::Reply<contacts::v1::Contact> reply;
    reply.status = stub.CreateContact(&context, request, &reply.response);
    reply.error.ParseFromString(reply.status.error_details());
    return reply;
  };
  sessions::v1::SessionsService::Stub sessions(channel);
  grpc::ClientContext context;
  const auto session = sessions.RunSession(&context);
  RunSessionRequest calls;
  calls.add_methods("kith.contacts.v1.ContactsService/CreateContact");
  contacts::v1::CreateContactRequest request;
  request.mutable_contact()->set_first_name("Ada");
  calls.add_calls()->set_id(1);
  calls.mutable_calls(0)->set_request(request.SerializeAsString());
  sessions::v1::RunSessionResponse told;
  ASSERT_TRUE(session->Write(calls));
  ASSERT_TRUE(session->Read(&told));
  ASSERT_EQ(told.outcomes_size(), 1);
  EXPECT_EQ(told.outcomes(0).status().code(), 0);

  server_.clock().Jump(until - absl::Seconds(2) - server_.clock().Now());
  EXPECT_EQ(create().reason(), "");
  server_.clock().Jump(absl::Seconds(3));
  const auto refused = create();
  EXPECT_EQ(refused.reason(), "KEY_EXPIRED");
  EXPECT_EQ(refused.metadata("expire_time"), absl::FormatTime(until, absl::UTCTimeZone()));
  while (session->Read(&told)) {
  }
  kith::testing::Reply<sessions::v1::RunSessionResponse> ended;
  ended.status = session->Finish();
  ended.error.ParseFromString(ended.status.error_details());
  EXPECT_EQ(ended.reason(), "KEY_EXPIRED");
}

TEST_F(ClientKeysTest, LetNobodyInAfterTheyAreRevokedOrTakenOut) {
  Write(absl::StrCat("URI:spiffe://kith/billing workspaces/1/", key_));
  EXPECT_EQ(Refused({"DNS:import.example.org"}), "UNAUTHENTICATED");
  EXPECT_EQ(Refused({"URI:spiffe://kith/billing"}), "");
  v1::RevokeApiKeyRequest request;
  request.set_name(key_);
  EXPECT_EQ(server_.Call(&v1::WorkspacesService::Stub::RevokeApiKey, request).reason(), "");
  EXPECT_EQ(Refused({"URI:spiffe://kith/billing"}), "UNAUTHENTICATED");
}

}  // namespace
}  // namespace kith::workspaces
