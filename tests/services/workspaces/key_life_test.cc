// How long an API key lets anybody in, in a whole server whose clock is the test's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "deploy/sdk/cpp/kith/session.h"
#include "eventstore/base/proto_time.h"
#include "kith/events/v1/events_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/test_server.h"

namespace kith::workspaces {
namespace {

using Stub = v1::WorkspacesService::Stub;
using kith::testing::Reply;
using kith::testing::TestServer;

std::string ReasonOf(const google::rpc::Status& status) {
  google::rpc::ErrorInfo info;
  for (const auto& detail : status.details()) {
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}

class KeyLifeTest : public ::testing::Test {
 protected:
  Reply<v1::CreateApiKeyResponse> CreateKey(absl::Duration life, const std::string& maker = "") {
    v1::CreateApiKeyRequest request;
    request.mutable_api_key()->set_display_name("Of a while");
    request.mutable_api_key()->add_permissions("*");
    if (life != absl::InfiniteDuration()) {
      *request.mutable_api_key()->mutable_expire_time() = ToTimestamp(server_.clock().Now() + life);
    }
    return server_.CallWith(maker.empty() ? server_.secret() : maker, &Stub::CreateApiKey, request);
  }
  // Why a call with these credentials is refused.
  Reply<v1::ListApiKeysResponse> CallWith(const std::string& secret) {
    return server_.CallWith(secret, &Stub::ListApiKeys, {});
  }
  std::string Refused(const std::string& secret) { return CallWith(secret).reason(); }
  // Of a subscription that was open with these credentials when `change` happened.
  std::string SubscriptionEndsWith(const std::string& secret, absl::FunctionRef<void()> change) {
    events::v1::EventsService::Stub stub(server_.channel());
    grpc::ClientContext context;
    context.AddMetadata("authorization", absl::StrCat("Bearer ", secret));
    const auto stream = stub.SubscribeEvents(&context, {});
    events::v1::SubscribeEventsResponse response;
    EXPECT_TRUE(stream->Read(&response));
    change();
    EXPECT_EQ(CreateKey(absl::InfiniteDuration()).reason(), "") << "what it would have told";
    while (stream->Read(&response)) {
    }
    google::rpc::Status error;
    error.ParseFromString(stream->Finish().error_details());
    return ReasonOf(error);
  }

  TestServer server_;
};

TEST_F(KeyLifeTest, EndsAtItsExpireTime) {
  const auto made = CreateKey(absl::Hours(1));
  ASSERT_EQ(made.reason(), "");
  for (int life = 0; life < 2; ++life) {
    EXPECT_EQ(Refused(made->secret()), "");
    server_.Restart();
  }
  server_.clock().Advance(absl::Hours(1) - absl::Microseconds(1));
  EXPECT_EQ(Refused(made->secret()), "");
  server_.clock().Advance(absl::Microseconds(1));
  const auto refused = CallWith(made->secret());
  EXPECT_EQ(refused.reason(), "KEY_EXPIRED");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(refused.metadata("key"), made->api_key().name());
  // Whoever does not know its secret learns nothing of it.
  const std::string wrong = made->secret().substr(0, made->secret().rfind('_')) + "_wrong";
  EXPECT_EQ(Refused(wrong), "UNAUTHENTICATED");
  // Its owner sees that it is there, and when it expired.
  const auto keys = CallWith(server_.secret());
  EXPECT_TRUE(keys->api_keys(1).has_expire_time());
  EXPECT_FALSE(keys->api_keys(1).revoked());
}

TEST_F(KeyLifeTest, EndsWhatIsOpenWhenItExpires) {
  const auto made = CreateKey(absl::Hours(1));
  EXPECT_EQ(SubscriptionEndsWith(made->secret(), [&] { server_.clock().Advance(absl::Hours(1)); }),
            "KEY_EXPIRED");
  const auto second = CreateKey(absl::Hours(1));
  const auto session = sdk::Session::Open(server_.channel(), {.key = second->secret()});
  std::vector<std::string> reasons;
  v1::GetWorkspaceRequest request;
  v1::Workspace workspace;
  for (int i = 0; i < 2; ++i) {
    absl::Notification done;
    session->Call(request, &workspace, [&](const sdk::Outcome& told) {
      reasons.push_back(ReasonOf(told.status));
      done.Notify();
    });
    done.WaitForNotification();
    server_.clock().Advance(absl::Hours(1));
  }
  EXPECT_THAT(reasons, ::testing::ElementsAre("", "KEY_EXPIRED"));
}

TEST_F(KeyLifeTest, IsNotOverWhenItBegins) {
  const auto refused = CreateKey(absl::ZeroDuration());
  EXPECT_EQ(refused.reason(), "EXPIRE_TIME_PASSED");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(refused.fields(), ::testing::ElementsAre("api_key.expire_time"));
  EXPECT_EQ(CreateKey(-absl::Hours(1)).reason(), "EXPIRE_TIME_PASSED");
}

TEST_F(KeyLifeTest, EndsNoLaterThanThatOfItsMaker) {
  const auto maker = CreateKey(absl::Hours(1));
  const auto refused = CreateKey(absl::Hours(2), maker->secret());
  EXPECT_EQ(refused.reason(), "OUTLIVES_MAKER");
  EXPECT_NE(refused.metadata("expire_time"), "");
  EXPECT_EQ(CreateKey(absl::InfiniteDuration(), maker->secret()).reason(), "OUTLIVES_MAKER");
  EXPECT_EQ(CreateKey(absl::Hours(1), maker->secret()).reason(), "");
}

// Goal: nobody is locked out by the clock.
TEST_F(KeyLifeTest, DoesNotCountWhereALastKeyIsKept) {
  v1::CreateWorkspaceRequest create;
  create.mutable_workspace()->set_display_name("Other");
  const auto other = server_.Call(&Stub::CreateWorkspace, create);
  const auto further = CreateKey(absl::Hours(1), other->secret());
  ASSERT_EQ(further.reason(), "");
  v1::RevokeApiKeyRequest revoke;
  revoke.set_name(other->api_key().name());
  EXPECT_EQ(server_.CallWith(further->secret(), &Stub::RevokeApiKey, revoke).reason(), "LAST_KEY");
  revoke.set_name(further->api_key().name());
  EXPECT_EQ(server_.CallWith(other->secret(), &Stub::RevokeApiKey, revoke).reason(), "");
}

}  // namespace
}  // namespace kith::workspaces
