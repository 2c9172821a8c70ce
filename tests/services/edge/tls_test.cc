// TLS on both ports: what is agreed on, whose certificates are taken, and what becomes of new ones
// while the server runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "absl/strings/str_cat.h"
#include "eventstore/base/metrics.h"
#include "tests/services/edge/http_client.h"
#include "tests/services/edge/http_person_server.h"
#include "tests/testing/captured_log.h"

namespace kith::edge {
namespace {

using kith::testing::CertificateAuthority;
using runtime::TlsFolder;
using ::testing::HasSubstr;

constexpr char kAda[] = R"({"contact":{"first_name":"Ada"}})";

int CreateOver(HttpClient& client) {
  return client.Post(kContacts + "CreateContact", kAda, {kOwner}).status;
}

// The code of a call over gRPC.
grpc::StatusCode CreateOver(const std::shared_ptr<grpc::Channel>& channel) {
  runtime::Call call;
  contacts::v1::CreateContactRequest request;
  request.mutable_contact()->set_first_name("Ada");
  contacts::v1::Contact created;
  return contacts::v1::ContactsService::NewStub(channel)
      ->CreateContact(&call, request, &created)
      .error_code();
}

double Metric(const std::string& name) {
  return CollectMetrics().families().at(name).samples.at(0).value;
}

TEST(Tls, IsWhatBothPortsSpeak) {
  const TlsFolder folder;
  HttpPersonServer server(folder, folder.Options());
  HttpClient client(server.http_port());
  EXPECT_EQ(client.tls_error(), "");
  EXPECT_EQ(CreateOver(client), 200);
  EXPECT_EQ(CreateOver(server.channel()), grpc::StatusCode::OK);
  // And nothing else.
  EXPECT_EQ(CreateOver(server.NewChannel(grpc::InsecureChannelCredentials())),
            grpc::StatusCode::UNAVAILABLE);
}

TEST(Tls, IsOfVersion12AtLeast) {
  const TlsFolder folder;
  HttpPersonServer server(folder, folder.Options());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    ClientTls tls = server.tls();
    tls.version_max = version;
    HttpClient client(server.http_port(tls));
    EXPECT_EQ(CreateOver(client), 200);
  }
  ClientTls old = server.tls();
  old.version_max = TLS1_1_VERSION;
  EXPECT_THAT(HttpClient(server.http_port(old)).tls_error(), HasSubstr("protocol version"));
  EXPECT_NE(HttpClient(HttpAddress(server.port(), old)).tls_error(), "") << "gRPC closes it";
}

TEST(Tls, IsRefusedByClientsWhereTheCertificateIsAnotherHosts) {
  const TlsFolder folder;
  HttpPersonServer server(folder, folder.Options());
  EXPECT_EQ(CreateOver(server.NewChannel(folder.ClientCredentials())), grpc::StatusCode::OK);
  TlsFolder elsewhere;
  elsewhere.Replace(elsewhere.authority.Issue({.names = {"DNS:elsewhere.example.org"}}));
  HttpPersonServer mistaken(elsewhere, elsewhere.Options());
  EXPECT_EQ(CreateOver(mistaken.channel()), grpc::StatusCode::UNAVAILABLE);
}

TEST(Tls, IsAskedForWhereARequestComesWithout) {
  const TlsFolder folder;
  HttpPersonServer server(folder, folder.Options());
  HttpClient plain(HttpAddress(server.http_port().port));
  const HttpReply refused = plain.Post(kContacts + "CreateContact", kAda, {kOwner});
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.reason(), "TLS_REQUIRED");
  EXPECT_TRUE(plain.IsClosed());
  HttpClient garbage(HttpAddress(server.http_port().port));
  garbage.Send(std::string(1'000, '\x16'));
  EXPECT_TRUE(garbage.IsClosed());
  EXPECT_EQ(Metric("kith_http_handshakes_failed_total"), 2);
  EXPECT_EQ(server.runtime().log.head(), Position(0));
}

TEST(Tls, TakesNewFilesForNewConnections) {
  TlsFolder folder;
  HttpPersonServer server(folder, folder.Options());
  HttpClient before(server.http_port());
  EXPECT_THAT(before.ServerNames(), HasSubstr("DNS:localhost"));
  EXPECT_EQ(CreateOver(server.channel()), grpc::StatusCode::OK);
  // Of another authority, so that nobody takes the one for the other.
  const CertificateAuthority other;
  folder.Replace(other.Issue({.names = {"IP:127.0.0.1", "DNS:renewed"}}));
  HttpClient after(server.http_port({.ca = other.cert()}));
  EXPECT_EQ(after.ServerNames(), "IP Address:127.0.0.1, DNS:renewed");
  EXPECT_EQ(CreateOver(after), 200);
  const auto renewed = server.NewChannel(grpc::SslCredentials({.pem_root_certs = other.cert()}));
  EXPECT_EQ(CreateOver(renewed), grpc::StatusCode::OK);
  EXPECT_THAT(HttpClient(server.http_port()).tls_error(), HasSubstr("issuer certificate"));
  EXPECT_EQ(CreateOver(server.NewChannel(folder.ClientCredentials())),
            grpc::StatusCode::UNAVAILABLE);
  // Those that were open go on.
  EXPECT_EQ(CreateOver(before), 200);
  EXPECT_EQ(CreateOver(server.channel()), grpc::StatusCode::OK);
}

TEST(Tls, KeepsWhatItHasWhereNewFilesAreBroken) {
  TlsFolder folder;
  HttpPersonServer server(folder, folder.Options());
  const kith::testing::CapturedLog log;
  const std::string good_key = folder.authority.Issue().key;
  const double taken = Metric("kith_tls_files_taken_total");
  double refused = 0;
  for (const auto& broken : {kith::testing::Certificate{folder.authority.cert(), good_key},
                             {"no certificate", good_key},
                             {folder.authority.Issue().cert, "no key"}}) {
    folder.Replace(broken);
    HttpClient client(server.http_port());
    EXPECT_EQ(CreateOver(client), 200);
    EXPECT_EQ(CreateOver(server.NewChannel(folder.ClientCredentials())), grpc::StatusCode::OK);
    EXPECT_EQ(Metric("kith_tls_files_current"), 0);
    EXPECT_EQ(Metric("kith_tls_files_refused_total"), ++refused);
  }
  EXPECT_THAT(log.Await("the ones before stay"), HasSubstr("key.pem"));
  EXPECT_EQ(Metric("kith_tls_files_taken_total"), taken);
  folder.Replace(folder.authority.Issue({.names = {"IP:127.0.0.1", "DNS:mended"}}));
  EXPECT_THAT(HttpClient(server.http_port()).ServerNames(), HasSubstr("DNS:mended"));
  EXPECT_EQ(Metric("kith_tls_files_current"), 1);
  EXPECT_EQ(Metric("kith_tls_files_taken_total"), taken + 1);
}

// Clients judge that, by clocks of their own: the one here is set a day on.
TEST(Tls, GoesOnOverOpenConnectionsWhenItsCertificateExpires) {
  TlsFolder folder;
  const absl::Time until = absl::FromTimeT(absl::ToTimeT(SystemClock().Now())) + absl::Hours(1);
  folder.Replace(folder.authority.Issue({.until = until}));
  HttpPersonServer server(folder, folder.Options());
  EXPECT_EQ(absl::FromUnixSeconds(
                static_cast<int64_t>(Metric("kith_tls_certificate_expire_time_seconds"))),
            until);
  HttpClient open(server.http_port());
  EXPECT_EQ(CreateOver(open), 200);
  ClientTls later = server.tls();
  later.now = until + absl::Seconds(1);
  EXPECT_THAT(HttpClient(server.http_port(later)).tls_error(), HasSubstr("expired"));
  EXPECT_EQ(CreateOver(open), 200);
  // One that has expired already is what the operator put there: it is shown, and told.
  const absl::Time past = until - absl::Hours(2);
  folder.Replace(folder.authority.Issue({.from = past - absl::Hours(1), .until = past}));
  EXPECT_THAT(HttpClient(server.http_port()).tls_error(), HasSubstr("expired"));
  EXPECT_EQ(CreateOver(server.NewChannel(folder.ClientCredentials())),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(absl::FromUnixSeconds(
                static_cast<int64_t>(Metric("kith_tls_certificate_expire_time_seconds"))),
            past);
  EXPECT_EQ(CreateOver(open), 200);
}

// How clients with these certificates fare: HTTP's status, 0 where they are not connected.
class ClientCertificates : public ::testing::Test {
 protected:
  struct Outcome {
    int http;
    grpc::StatusCode grpc;
    bool operator==(const Outcome& other) const { return http == other.http && grpc == other.grpc; }
    friend void PrintTo(const Outcome& outcome, std::ostream* out) {
      *out << outcome.http << ", " << outcome.grpc;
    }
  };
  static constexpr Outcome kLetIn{200, grpc::StatusCode::OK};
  static constexpr Outcome kNotConnected{0, grpc::StatusCode::UNAVAILABLE};

  Outcome With(HttpPersonServer& server, const kith::testing::Certificate& own) const {
    ClientTls tls = server.tls();
    tls.cert = own.cert;
    tls.key = own.key;
    HttpClient client(server.http_port(tls));
    return {CreateOver(client), CreateOver(server.NewChannel(folder_.ClientCredentials(own)))};
  }

  TlsFolder folder_;
};

TEST_F(ClientCertificates, MayBeShownAndAreOfTheAuthorityThen) {
  HttpPersonServer server(folder_, folder_.MutualOptions(/*require=*/false));
  EXPECT_EQ(With(server, {}), kLetIn);
  EXPECT_EQ(With(server, folder_.clients.Issue()), kLetIn);
  EXPECT_EQ(With(server, folder_.authority.Issue()), kNotConnected);
  const absl::Time past = SystemClock().Now() - absl::Minutes(1);
  EXPECT_EQ(With(server, folder_.clients.Issue({.until = past})), kNotConnected);
}

TEST_F(ClientCertificates, AreRequiredWhereThatIsSaid) {
  HttpPersonServer server(folder_, folder_.MutualOptions(/*require=*/true));
  EXPECT_EQ(With(server, {}), kNotConnected);
  EXPECT_EQ(With(server, folder_.clients.Issue()), kLetIn);
  // Its authority can be replaced, too.
  const CertificateAuthority next;
  const kith::testing::Certificate of_before = folder_.clients.Issue();
  folder_.ReplaceClientCa(next.cert());
  EXPECT_EQ(With(server, of_before), kNotConnected);
  EXPECT_EQ(With(server, next.Issue()), kLetIn);
}

TEST_F(ClientCertificates, StandForKeysWhereACallShowsNone) {
  const kith::testing::TempFolder folder;
  kith::testing::ReplaceFile(folder / "keys",
                             "URI:spiffe://kith/a workspaces/1/apiKeys/owner\n"
                             "DNS:reader.example workspaces/1/apiKeys/reader\n");
  runtime::ServerOptions options;
  options.authentication.client_keys = folder / "keys";
  HttpPersonServer server(folder_, folder_.MutualOptions(/*require=*/false), options);
  const auto status_of = [&](const std::vector<std::string>& names) {
    ClientTls tls = server.tls();
    const auto own = folder_.clients.Issue({.names = names});
    tls.cert = own.cert;
    tls.key = own.key;
    HttpClient client(server.http_port(tls));
    const int status = client.Post(kContacts + "CreateContact", kAda).status;
    // The next request of a connection is of the same client.
    EXPECT_EQ(client.Post(kContacts + "CreateContact", kAda).status, status);
    return status;
  };
  EXPECT_EQ(status_of({"URI:spiffe://kith/a"}), 200);
  EXPECT_EQ(status_of({"DNS:other", "DNS:READER.example"}), 403) << "it may only read";
  EXPECT_EQ(status_of({"URI:spiffe://kith/b"}), 401);
  EXPECT_EQ(status_of({"DNS:spiffe.kith", "email:a@kith.org"}), 401);
  HttpClient without(server.http_port());
  EXPECT_EQ(without.Post(kContacts + "CreateContact", kAda).status, 401);
}

TEST_F(ClientCertificates, StandForKeysUntilTheyExpire) {
  const kith::testing::TempFolder folder;
  kith::testing::ReplaceFile(folder / "keys", "URI:spiffe://kith/a workspaces/1/apiKeys/owner\n");
  runtime::ServerOptions options;
  options.authentication.client_keys = folder / "keys";
  HttpPersonServer server(folder_, folder_.MutualOptions(/*require=*/false), options);
  const absl::Time until = absl::FromTimeT(absl::ToTimeT(SystemClock().Now())) + absl::Hours(1);
  const auto own = folder_.clients.Issue({.names = {"URI:spiffe://kith/a"}, .until = until});
  ClientTls tls = server.tls();
  tls.cert = own.cert;
  tls.key = own.key;
  HttpClient open(server.http_port(tls));
  EXPECT_EQ(open.Post(kContacts + "CreateContact", kAda).status, 200);
  server.clock().Jump(until - absl::Seconds(2) - server.clock().Now());
  EXPECT_EQ(open.Post(kContacts + "CreateContact", kAda).status, 200);
  server.clock().Jump(absl::Seconds(3));
  const HttpReply refused = open.Post(kContacts + "CreateContact", kAda);
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.reason(), "KEY_EXPIRED");
}

}  // namespace
}  // namespace kith::edge
