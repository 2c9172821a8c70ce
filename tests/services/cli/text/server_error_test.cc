// What people read where a connection is not to be had. Method: what gRPC says, as it says it.
#include "services/cli/text/server_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace kith::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Told(absl::string_view by_grpc) {
  const grpc::Status status(
      grpc::StatusCode::UNAVAILABLE,
      absl::StrCat("failed to connect to all addresses; last error: ", by_grpc));
  return std::string(ServerError(status, "host:1", /*with_key=*/true).message());
}

TEST(ServerError, SaysWhatIsInTheWayOfAConnection) {
  const std::string untrusted = Told(
      "UNKNOWN: ipv4:127.0.0.1:1: Ssl handshake failed: SSL_ERROR_SSL: error:0A000086:SSL "
      "routines::certificate verify failed");
  EXPECT_THAT(untrusted, StartsWith("host:1 has a certificate that is not trusted ("));
  EXPECT_THAT(untrusted, HasSubstr("--tls-ca"));
  EXPECT_THAT(Told("UNKNOWN: ipv4:127.0.0.1:1: Ssl handshake failed: SSL_ERROR_SSL: "
                   "error:0A00010B:SSL routines::wrong version number"),
              StartsWith("host:1 has no TLS ("));
  EXPECT_THAT(Told("INTERNAL: ipv4:127.0.0.1:1: Trying to connect an http1.x server"),
              StartsWith("host:1 speaks HTTP and no gRPC ("));
  EXPECT_THAT(Told("UNAVAILABLE: ipv4:127.0.0.1:1: Socket closed"),
              StartsWith("no Kith server answers at host:1 ("));
}

}  // namespace
}  // namespace kith::cli
