// The client of the SDK, by itself and over a session: what it tries again, how, and for how long.
#include "deploy/sdk/cpp/kith/client.h"

#include <future>

#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "tests/sdk/refusing_server.h"
#include "tests/services/runtime/tls_folder.h"
#include "tests/testing/test_server.h"

namespace kith::testing {
namespace {

using contacts::v1::Contact;
using contacts::v1::CreateContactRequest;
using contacts::v1::GetContactRequest;
using std::chrono::hours;
using std::chrono::milliseconds;

// One that says when to try again.
google::rpc::Status Refusal(milliseconds delay) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(delay.count() / 1000);
  info.mutable_retry_delay()->set_nanos(static_cast<int32_t>(delay.count() % 1000) * 1'000'000);
  google::rpc::Status status;
  status.set_code(grpc::StatusCode::RESOURCE_EXHAUSTED);
  status.set_message("later");
  status.add_details()->PackFrom(info);
  return status;
}

// One that says why, and not when to try again.
google::rpc::Status RefusalForGood(grpc::StatusCode code) {
  google::rpc::Status status;
  status.set_code(code);
  status.add_details()->PackFrom(google::rpc::ErrorInfo());
  return status;
}

// Whether the calls go over a session.
class SdkClient : public ::testing::TestWithParam<bool> {
 protected:
  sdk::ClientOptions Options(milliseconds patience = hours(1)) const {
    return {.session = GetParam(), .patience = patience};
  }
  // The outcome of one call, with whatever a call of this patience does before.
  sdk::Outcome OutcomeOf(const RefusingServer& server, milliseconds patience,
                         const sdk::CallOptions& options = {}) const {
    return sdk::Client::Open(server.channel(), Options(patience))
        ->Call(CreateContactRequest(), &contact_, options);
  }

  mutable Contact contact_;
};
INSTANTIATE_TEST_SUITE_P(Each, SdkClient, ::testing::Bool(), [](const auto& over) {
  return std::string(over.param ? "OverASession" : "ByItself");
});

TEST_P(SdkClient, TriesAgainWhatTheServerSaysToWithTheSameRequestId) {
  const RefusingServer server(/*times=*/3, Refusal(milliseconds(1)));
  const sdk::Outcome told = OutcomeOf(server, hours(1));
  EXPECT_TRUE(told.ok()) << told.status.message();
  const std::vector<std::string> requests = server.requests();
  ASSERT_EQ(requests.size(), 4u);
  EXPECT_NE(requests[0], "") << "it has a request id";
  for (const std::string& request : requests) EXPECT_EQ(request, requests[0]);
}

TEST_P(SdkClient, LeavesTheCallersRequestIdAsItIs) {
  const RefusingServer server(/*times=*/1, Refusal(milliseconds(1)));
  CreateContactRequest request;
  request.set_request_id("mine");
  EXPECT_TRUE(sdk::Client::Open(server.channel(), Options())->Call(request, &contact_).ok());
  const std::string bytes = request.SerializeAsString();
  EXPECT_EQ(server.requests(), std::vector<std::string>({bytes, bytes}));
}

TEST_P(SdkClient, DoesNotTryAgainWhatIsRefusedForGood) {
  const RefusingServer server(/*times=*/1, RefusalForGood(grpc::StatusCode::RESOURCE_EXHAUSTED));
  const sdk::Outcome told = OutcomeOf(server, hours(1));
  EXPECT_EQ(told.status.code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_FALSE(told.unknown);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_P(SdkClient, TriesAgainNoLongerThanItsPatienceLasts) {
  const RefusingServer server(/*times=*/1'000, Refusal(milliseconds(1)));
  const sdk::Outcome told = OutcomeOf(server, milliseconds(1'000));
  EXPECT_EQ(told.status.code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(told.status.message(), "later");
  EXPECT_GT(server.requests().size(), 1u);
}

// It would come too late, so it is told at once.
TEST_P(SdkClient, DoesNotWaitForWhatIsAfterItsPatienceOrItsDeadline) {
  const RefusingServer server(/*times=*/2, Refusal(hours(10)));
  EXPECT_EQ(OutcomeOf(server, hours(1)).status.code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(OutcomeOf(server, hours(100), {.timeout = hours(1)}).status.code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST_P(SdkClient, TellsACallThatIsCancelledWhileItWaits) {
  const RefusingServer server(/*times=*/1, Refusal(hours(10)));
  auto client = sdk::Client::Open(server.channel(), Options(hours(100)));
  sdk::Outcome told;
  const uint64_t id = client->Call(CreateContactRequest(), &contact_,
                                   [&](const sdk::Outcome& outcome) { told = outcome; });
  server.AwaitRequest();
  client->Cancel(id);
  client.reset();
  EXPECT_FALSE(told.ok());
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_P(SdkClient, RefusesWhatIsTheRequestOfNoMethod) {
  const RefusingServer server(/*times=*/0, {});
  sdk::Outcome told;
  EXPECT_EQ(sdk::Client::Open(server.channel(), Options())
                ->Call(Contact(), &contact_, [&](const sdk::Outcome& outcome) { told = outcome; }),
            0u);
  EXPECT_EQ(told.status.code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(server.requests().empty());
}

TEST_P(SdkClient, TriesAgainWhatIsNotAvailable) {
  const RefusingServer server(/*times=*/2, RefusalForGood(grpc::StatusCode::UNAVAILABLE));
  EXPECT_TRUE(OutcomeOf(server, hours(1)).ok());
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST_P(SdkClient, TellsThatNobodyIsThereWhenItsPatienceEnds) {
  const auto nobody =
      grpc::CreateChannel("unix:/nowhere/at/all", grpc::InsecureChannelCredentials());
  const sdk::Outcome told = sdk::Client::Open(nobody, Options(milliseconds(200)))
                                ->Call(CreateContactRequest(), &contact_);
  EXPECT_EQ(told.status.code(), grpc::StatusCode::UNAVAILABLE) << told.status.message();
  EXPECT_TRUE(told.unknown);
}

TEST_P(SdkClient, SaysWhatAServerTells) {
  const TestServer server;
  sdk::ClientOptions options = Options();
  options.key = server.secret();
  const auto client = sdk::Client::Open(server.channel(), options);
  CreateContactRequest create;
  create.set_request_id("once");
  create.mutable_contact()->set_first_name("Ada");
  const sdk::Outcome made = client->Call(create, &contact_);
  EXPECT_TRUE(made.ok() && !made.repeated && !made.token.empty()) << made.status.message();
  Contact again;
  EXPECT_TRUE(client->Call(create, &again).repeated);
  EXPECT_EQ(again.name(), contact_.name());
  GetContactRequest get;
  get.set_name("contacts/01J00000000000000000000000");
  const sdk::Outcome missing = client->Call(get, &again);
  EXPECT_EQ(missing.status.code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_GT(missing.status.details_size(), 0);
  EXPECT_FALSE(missing.unknown);
}

// The channel says how; neither the calls nor the sessions make another.
TEST_P(SdkClient, CallsOverTls) {
  const runtime::TlsFolder folder;
  const TestServer server(
      nullptr,
      [&](runtime::ServerOptions& options) {
        options.tls = runtime::TlsFolder::Open(folder.Options());
      },
      folder.ClientCredentials());
  sdk::ClientOptions options = Options(milliseconds(300));
  options.key = server.secret();
  const auto client = sdk::Client::Open(server.channel(), options);
  CreateContactRequest create;
  create.mutable_contact()->set_first_name("Ada");
  const sdk::Outcome made = client->Call(create, &contact_);
  EXPECT_TRUE(made.ok()) << made.status.message();
  const auto plain = grpc::CreateChannel(server.address(), grpc::InsecureChannelCredentials());
  EXPECT_EQ(sdk::Client::Open(plain, options)->Call(create, &contact_).status.code(),
            grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace kith::testing
