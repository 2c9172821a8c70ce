// How long an API key lets anybody in, and with which secrets, in a whole server whose clock is the
// test's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "deploy/sdk/cpp/kith/session.h"
#include "eventstore/base/proto_time.h"
#include "kith/events/v1/events_service.grpc.pb.h"
#include "kith/sessions/v1/sessions_service.grpc.pb.h"
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
  Reply<v1::RotateApiKeyResponse> Rotate(const std::string& key, absl::Duration overlap,
                                         const std::string& maker = "",
                                         const std::string& request_id = "") {
    v1::RotateApiKeyRequest request;
    request.set_name(key);
    request.set_request_id(request_id);
    request.mutable_overlap()->set_seconds(absl::ToInt64Seconds(overlap));
    return server_.CallWith(maker.empty() ? server_.secret() : maker, &Stub::RotateApiKey, request);
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

// Goal: whoever sets the machine's clock back lets nobody in again whom time had locked out.
TEST_F(KeyLifeTest, StaysExpiredWhenTheClockIsSetBack) {
  const auto made = CreateKey(absl::Hours(1));
  server_.clock().Advance(absl::Hours(1));
  ASSERT_EQ(CreateKey(absl::Hours(1)).reason(), "") << "something is recorded later";
  server_.clock().Jump(-absl::Hours(2));
  for (int life = 0; life < 2; ++life) {
    EXPECT_EQ(Refused(made->secret()), "KEY_EXPIRED");
    EXPECT_EQ(Refused(server_.secret()), "");
    server_.Restart();
  }
}

// Also where nothing was recorded since it was seen to have expired.
TEST_F(KeyLifeTest, StaysExpiredOnceItWasSeenToBe) {
  const auto made = CreateKey(absl::Hours(1));
  server_.clock().Advance(absl::Hours(1));
  ASSERT_EQ(Refused(made->secret()), "KEY_EXPIRED");
  server_.clock().Jump(-absl::Hours(1));
  EXPECT_EQ(Refused(made->secret()), "KEY_EXPIRED");
  EXPECT_EQ(Refused(server_.secret()), "");
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
    std::promise<void> done;
    session->Call(request, &workspace, [&](const sdk::Outcome& told) {
      reasons.push_back(ReasonOf(told.status));
      done.set_value();
    });
    done.get_future().wait();
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

TEST_F(KeyLifeTest, HasItsOldSecretsForAsLongAsARotationSays) {
  const auto made = CreateKey(absl::InfiniteDuration());
  const std::string& key = made->api_key().name();
  const auto second = Rotate(key, absl::Hours(2));
  ASSERT_EQ(second.reason(), "");
  EXPECT_EQ(second->api_key().name(), key);
  EXPECT_TRUE(second->api_key().has_rotate_time());
  EXPECT_NE(second->secret(), made->secret());
  const auto third = Rotate(key, absl::Hours(1));
  for (int life = 0; life < 2; ++life) {
    EXPECT_EQ(Refused(made->secret()), "");
    EXPECT_EQ(Refused(second->secret()), "");
    EXPECT_EQ(Refused(third->secret()), "");
    server_.Restart();
  }
  server_.clock().Advance(absl::Hours(1));
  EXPECT_EQ(Refused(made->secret()), "KEY_EXPIRED") << "the later rotation says how long";
  EXPECT_EQ(Refused(second->secret()), "KEY_EXPIRED");
  EXPECT_EQ(Refused(third->secret()), "");
  const auto fourth = Rotate(key, absl::ZeroDuration());
  EXPECT_EQ(Refused(third->secret()), "KEY_EXPIRED") << "at once";
  EXPECT_EQ(Refused(fourth->secret()), "");
  EXPECT_EQ(Refused(made->secret()), "UNAUTHENTICATED") << "long over";
}

TEST_F(KeyLifeTest, HasNoSecretForLongerThanThatWasTo) {
  const auto made = CreateKey(absl::Hours(1));
  const auto prolonged = [&] {
    v1::RotateApiKeyRequest request;
    request.set_name(made->api_key().name());
    *request.mutable_expire_time() = ToTimestamp(server_.clock().Now() + absl::Hours(48));
    return server_.Call(&Stub::RotateApiKey, request);
  };
  const auto second = prolonged();
  ASSERT_EQ(second.reason(), "");
  EXPECT_EQ(Refused(made->secret()), "");
  server_.clock().Advance(absl::Hours(1));
  EXPECT_EQ(Refused(made->secret()), "KEY_EXPIRED");
  EXPECT_EQ(Refused(second->secret()), "");
  // One that has ended does not come back.
  server_.clock().Advance(absl::Hours(48));
  EXPECT_EQ(Refused(second->secret()), "KEY_EXPIRED");
  const auto third = prolonged();
  ASSERT_EQ(third.reason(), "");
  EXPECT_EQ(Refused(second->secret()), "KEY_EXPIRED");
  EXPECT_EQ(Refused(third->secret()), "");
}

TEST_F(KeyLifeTest, IsRotatedWithADayOfOverlapWhereNoneIsSaid) {
  const auto made = CreateKey(absl::InfiniteDuration());
  v1::RotateApiKeyRequest request;
  request.set_name(made->api_key().name());
  ASSERT_EQ(server_.Call(&Stub::RotateApiKey, request).reason(), "");
  server_.clock().Advance(absl::Hours(24) - absl::Seconds(1));
  EXPECT_EQ(Refused(made->secret()), "");
  server_.clock().Advance(absl::Seconds(1));
  EXPECT_EQ(Refused(made->secret()), "KEY_EXPIRED");
  for (const absl::Duration wrong : {-absl::Seconds(1), absl::Hours(7 * 24) + absl::Seconds(1)}) {
    const auto refused = Rotate(made->api_key().name(), wrong);
    EXPECT_EQ(refused.reason(), "INVALID_FIELD");
    EXPECT_THAT(refused.fields(), ::testing::ElementsAre("overlap"));
  }
  EXPECT_EQ(Rotate(made->api_key().name(), absl::Hours(7 * 24)).reason(), "");
}

TEST_F(KeyLifeTest, TellsTheSecretOfARotationOnce) {
  const auto made = CreateKey(absl::InfiniteDuration());
  const auto first = Rotate(made->api_key().name(), absl::Hours(1), "", "rotate-1");
  ASSERT_EQ(first.reason(), "");
  const auto again = Rotate(made->api_key().name(), absl::Hours(1), "", "rotate-1");
  EXPECT_EQ(again.reason(), "");
  EXPECT_EQ(again->secret(), "");
  EXPECT_EQ(again->api_key().SerializeAsString(), first->api_key().SerializeAsString());
  EXPECT_EQ(Refused(first->secret()), "") << "nothing was rotated twice";
  EXPECT_EQ(Rotate(made->api_key().name(), absl::Hours(2), "", "rotate-1").reason(),
            "REQUEST_ID_REUSED");
}

TEST_F(KeyLifeTest, HasEightSecretsAtMost) {
  const auto made = CreateKey(absl::InfiniteDuration());
  const std::string& key = made->api_key().name();
  for (int i = 0; i < 7; ++i) ASSERT_EQ(Rotate(key, absl::Hours(1)).reason(), "");
  EXPECT_EQ(Refused(made->secret()), "") << "the eighth";
  const auto refused = Rotate(key, absl::Hours(1));
  EXPECT_EQ(refused.reason(), "TOO_MANY_SECRETS");
  EXPECT_NE(refused.metadata("expire_time"), "");
  const auto last = Rotate(key, absl::ZeroDuration());
  EXPECT_EQ(last.reason(), "");
  EXPECT_EQ(Refused(made->secret()), "KEY_EXPIRED");
  EXPECT_EQ(Rotate(key, absl::Hours(1)).reason(), "");
}

TEST_F(KeyLifeTest, IsRotatedByThoseWhoCouldMakeIt) {
  v1::CreateApiKeyRequest request;
  request.mutable_api_key()->set_display_name("Keys only");
  request.mutable_api_key()->add_permissions("workspaces.*");
  const auto narrow = server_.Call(&Stub::CreateApiKey, request);
  const auto wide = CreateKey(absl::InfiniteDuration());
  const auto refused = Rotate(wide->api_key().name(), absl::Hours(1), narrow->secret());
  EXPECT_EQ(refused.reason(), "PERMISSION_NOT_GRANTED");
  EXPECT_EQ(refused.metadata("permission"), "*");
  EXPECT_EQ(Rotate(narrow->api_key().name(), absl::Hours(1), narrow->secret()).reason(), "");
  const auto brief = CreateKey(absl::Hours(1));
  EXPECT_EQ(Rotate(wide->api_key().name(), absl::Hours(1), brief->secret()).reason(),
            "OUTLIVES_MAKER");
  EXPECT_EQ(Rotate("apiKeys/01M842D8ARKKGN3MB7GYD26GXX", absl::Hours(1)).reason(),
            "API_KEY_NOT_FOUND");
  v1::RevokeApiKeyRequest revoke;
  revoke.set_name(wide->api_key().name());
  ASSERT_EQ(server_.Call(&Stub::RevokeApiKey, revoke).reason(), "");
  EXPECT_EQ(Rotate(wide->api_key().name(), absl::Hours(1)).reason(), "API_KEY_REVOKED");
}

// Goal: whoever found a secret that was rotated away has nothing of it when it has ended.
TEST_F(KeyLifeTest, OutlivesNoSecretThatMakesIt) {
  const auto made = CreateKey(absl::InfiniteDuration());
  const std::string& old = made->secret();
  ASSERT_EQ(Rotate(made->api_key().name(), absl::Hours(2)).reason(), "");
  EXPECT_EQ(CreateKey(absl::InfiniteDuration(), old).reason(), "OUTLIVES_MAKER");
  EXPECT_EQ(CreateKey(absl::Hours(3), old).reason(), "OUTLIVES_MAKER");
  EXPECT_EQ(CreateKey(absl::Hours(1), old).reason(), "");
  EXPECT_EQ(Rotate(made->api_key().name(), absl::ZeroDuration(), old).reason(), "OUTLIVES_MAKER");
  // Nor by an end that it may give: the new secret's holder would be locked out.
  v1::RotateApiKeyRequest request;
  request.set_name(made->api_key().name());
  request.mutable_overlap()->set_seconds(0);
  *request.mutable_expire_time() = ToTimestamp(server_.clock().Now() + absl::Hours(1));
  EXPECT_EQ(server_.CallWith(old, &Stub::RotateApiKey, request).reason(), "OUTLIVES_MAKER");
}

// Nor where the key itself expires before the overlap would be over.
TEST_F(KeyLifeTest, IsNotRotatedByASecretThatEndsWithIt) {
  const auto made = CreateKey(absl::Hours(1));
  const auto second = Rotate(made->api_key().name(), absl::Hours(2));
  ASSERT_EQ(second.reason(), "");
  for (int life = 0; life < 2; ++life) {
    EXPECT_EQ(Rotate(made->api_key().name(), absl::ZeroDuration(), made->secret()).reason(),
              "OUTLIVES_MAKER");
    EXPECT_EQ(Refused(second->secret()), "");
    server_.Restart();
  }
  EXPECT_EQ(Rotate(made->api_key().name(), absl::ZeroDuration(), second->secret()).reason(), "");
}

TEST_F(KeyLifeTest, EndsNoLaterThanThatOfTheOperatorWhoMakesIt) {
  v1::CreateApiKeyRequest request;
  request.mutable_api_key()->set_display_name("Operator's, for an hour");
  request.mutable_api_key()->add_permissions("*");
  request.mutable_api_key()->add_permissions("operator.*");
  *request.mutable_api_key()->mutable_expire_time() =
      ToTimestamp(server_.clock().Now() + absl::Hours(1));
  const auto made = server_.Call(&Stub::CreateApiKey, request);
  ASSERT_EQ(made.reason(), "");
  v1::CreateWorkspaceRequest create;
  create.mutable_workspace()->set_display_name("Second");
  const auto second = server_.CallWith(made->secret(), &Stub::CreateWorkspace, create);
  ASSERT_EQ(second.reason(), "");
  EXPECT_EQ(second->api_key().expire_time().seconds(), made->api_key().expire_time().seconds());
  request.set_workspace(second->workspace().name());
  request.mutable_api_key()->clear_expire_time();
  request.mutable_api_key()->clear_permissions();
  request.mutable_api_key()->add_permissions("*");
  EXPECT_EQ(server_.CallWith(made->secret(), &Stub::CreateApiKey, request).reason(),
            "OUTLIVES_MAKER");
  EXPECT_EQ(server_.Call(&Stub::CreateApiKey, request).reason(), "");
}

TEST_F(KeyLifeTest, IsProlongedByARotation) {
  const auto made = CreateKey(absl::Hours(1));
  server_.clock().Advance(absl::Hours(2));
  EXPECT_EQ(Rotate(made->api_key().name(), absl::Hours(1)).reason(), "EXPIRE_TIME_PASSED");
  v1::RotateApiKeyRequest request;
  request.set_name(made->api_key().name());
  *request.mutable_expire_time() = ToTimestamp(server_.clock().Now() + absl::Hours(1));
  const auto rotated = server_.Call(&Stub::RotateApiKey, request);
  EXPECT_EQ(Refused(rotated->secret()), "");
  server_.clock().Advance(absl::Hours(1));
  EXPECT_EQ(Refused(rotated->secret()), "KEY_EXPIRED");
  // The last one that can make others does not begin to expire.
  request.set_name(CallWith(server_.secret())->api_keys(0).name());
  *request.mutable_expire_time() = ToTimestamp(server_.clock().Now() + absl::Hours(1));
  EXPECT_EQ(server_.Call(&Stub::RotateApiKey, request).reason(), "LAST_KEY");
}

// Goal: a stream that an old secret opened, and that goes on after the rotation, ends with it.
TEST_F(KeyLifeTest, EndsWhatIsOpenWhenTheOverlapDoes) {
  const auto made = CreateKey(absl::InfiniteDuration());
  const std::string& key = made->api_key().name();
  events::v1::EventsService::Stub stub(server_.channel());
  grpc::ClientContext context;
  context.AddMetadata("authorization", absl::StrCat("Bearer ", made->secret()));
  const auto stream = stub.SubscribeEvents(&context, {});
  events::v1::SubscribeEventsResponse response;
  const auto is_rotation = [&] {
    for (const auto& event : response.events().events()) {
      if (event.type() == "api_key_rotated") return true;
    }
    return false;
  };
  ASSERT_EQ(Rotate(key, absl::Hours(1)).reason(), "");
  while (!is_rotation()) ASSERT_TRUE(stream->Read(&response)) << "it goes on";
  server_.clock().Advance(absl::Hours(1));
  ASSERT_EQ(CreateKey(absl::InfiniteDuration()).reason(), "");
  while (stream->Read(&response)) {
  }
  google::rpc::Status error;
  error.ParseFromString(stream->Finish().error_details());
  EXPECT_EQ(ReasonOf(error), "KEY_EXPIRED");
}

// Goal: who makes no call over an open session is not let in any longer than who does. Method: the
// client only reads, until the server ends it.
TEST_F(KeyLifeTest, EndsIdleSessions) {
  const auto session_ends_with = [&](const std::string& secret, absl::FunctionRef<void()> change) {
    const auto stub = sessions::v1::SessionsService::NewStub(server_.channel());
    grpc::ClientContext context;
    context.AddMetadata("authorization", absl::StrCat("Bearer ", secret));
    const auto stream = stub->RunSession(&context);
    sessions::v1::RunSessionRequest request;
    request.add_methods("kith.workspaces.v1.WorkspacesService/ListApiKeys");
    request.add_calls()->set_id(1);
    EXPECT_TRUE(stream->Write(request));
    sessions::v1::RunSessionResponse response;
    EXPECT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.outcomes(0).status().code(), 0);
    change();
    while (stream->Read(&response)) {
    }
    google::rpc::Status error;
    error.ParseFromString(stream->Finish().error_details());
    return ReasonOf(error);
  };
  const auto passing = CreateKey(absl::Hours(1));
  EXPECT_EQ(session_ends_with(passing->secret(), [&] { server_.clock().Advance(absl::Hours(1)); }),
            "KEY_EXPIRED");
  const auto revoked = CreateKey(absl::InfiniteDuration());
  EXPECT_EQ(session_ends_with(revoked->secret(),
                              [&] {
                                v1::RevokeApiKeyRequest revoke;
                                revoke.set_name(revoked->api_key().name());
                                EXPECT_EQ(server_.Call(&Stub::RevokeApiKey, revoke).reason(), "");
                              }),
            "UNAUTHENTICATED");
}

TEST_F(KeyLifeTest, IsInTheHistoryOfTheWorkspaceAsItWas) {
  const auto made = CreateKey(absl::Hours(3));
  ASSERT_EQ(Rotate(made->api_key().name(), absl::Hours(1)).reason(), "");
  v1::RotateApiKeyRequest request;
  request.set_name(made->api_key().name());
  *request.mutable_expire_time() = ToTimestamp(server_.clock().Now() + absl::Hours(5));
  ASSERT_EQ(server_.Call(&Stub::RotateApiKey, request).reason(), "");
  const auto history =
      server_.Call(&Stub::ListWorkspaceRevisions, v1::ListWorkspaceRevisionsRequest());
  const auto expiry = [&](int i) {
    return history->revisions(i).api_key().expire_time().seconds() -
           absl::ToUnixSeconds(server_.clock().Now());
  };
  EXPECT_EQ(history->revisions(0).revision().type(), "api_key_rotated");
  EXPECT_EQ(expiry(0), 5 * 3600);
  EXPECT_TRUE(history->revisions(0).api_key().has_previous_secrets_expire_time());
  EXPECT_EQ(expiry(1), 3 * 3600);
  EXPECT_EQ(expiry(2), 3 * 3600);
  EXPECT_FALSE(history->revisions(2).api_key().has_rotate_time());
}

}  // namespace
}  // namespace kith::workspaces
