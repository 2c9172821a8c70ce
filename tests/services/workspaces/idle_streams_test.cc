// Streams on which nothing happens, of every kind: they end with the credentials that opened them,
// whatever becomes of these.
#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "kith/events/v1/events_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/notifications/v1/notifications_service.grpc.pb.h"
#include "kith/sessions/v1/sessions_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/test_server.h"

namespace kith::workspaces {
namespace {

using testing::TestServer;
using Stub = v1::WorkspacesService::Stub;
using Users = users::v1::UsersService::Stub;

// A stream that is open in the server, and whose client says nothing more.
class OpenStream {
 public:
  virtual ~OpenStream() = default;
  // Waits for its end; why it ended.
  virtual std::string AwaitEnd() = 0;
};

std::string ReasonOf(const grpc::Status& status) {
  google::rpc::Status error;
  error.ParseFromString(status.error_details());
  google::rpc::ErrorInfo info;
  for (const auto& detail : error.details()) {
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return absl::StrCat("code ", status.error_code());
}

// `open` begins the stream and `greet` has the server say something, once it is open.
template <class Service, class Response, class Open, class Greet>
std::unique_ptr<OpenStream> Opened(TestServer& server, const std::string& secret, Open open,
                                   Greet greet) {
  using Reader =
      decltype(open(std::declval<typename Service::Stub&>(), std::declval<grpc::ClientContext&>()));
  struct Stream final : OpenStream {
    std::string AwaitEnd() override {
      while (stream->Read(&response)) {
      }
      return ReasonOf(stream->Finish());
    }
    std::unique_ptr<typename Service::Stub> stub;
    grpc::ClientContext context;
    Reader stream;
    Response response;
  };
  auto opened = std::make_unique<Stream>();
  opened->stub = Service::NewStub(server.channel());
  opened->context.AddMetadata("authorization", absl::StrCat("Bearer ", secret));
  opened->stream = open(*opened->stub, opened->context);
  greet(*opened->stream);
  EXPECT_TRUE(opened->stream->Read(&opened->response));
  return opened;
}

class IdleStreamsTest : public ::testing::Test {
 protected:
  // A user of the workspace whose key this is.
  std::string CreateUser(const std::string& maker) {
    users::v1::CreateUserRequest user;
    user.mutable_user()->set_display_name("Rae");
    user.mutable_user()->add_roles("roles/admin");
    const auto made = server_.CallWith(maker, &Users::CreateUser, user);
    EXPECT_EQ(made.reason(), "");
    return made->name();
  }
  v1::CreateApiKeyResponse CreateKey(const std::string& maker, const std::string& user,
                                     absl::Duration life = absl::InfiniteDuration()) {
    v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Theirs");
    key.mutable_api_key()->set_user(user);
    key.mutable_api_key()->add_permissions("*");
    if (life != absl::InfiniteDuration()) {
      *key.mutable_api_key()->mutable_expire_time() = ToTimestamp(server_.clock().Now() + life);
    }
    const auto made = server_.CallWith(maker, &Stub::CreateApiKey, key);
    EXPECT_EQ(made.reason(), "");
    return made.response;
  }
  // One of each kind.
  std::vector<std::unique_ptr<OpenStream>> OpenAll(const std::string& secret) {
    const auto nothing = [](auto&) {};
    std::vector<std::unique_ptr<OpenStream>> all;
    all.push_back(
        Opened<interactions::v1::InteractionsService, interactions::v1::IngestInteractionsResponse>(
            server_, secret,
            [](auto& stub, auto& context) { return stub.IngestInteractions(&context); },
            [](auto& stream) { EXPECT_TRUE(stream.Write({})); }));
    all.push_back(Opened<sessions::v1::SessionsService, sessions::v1::RunSessionResponse>(
        server_, secret, [](auto& stub, auto& context) { return stub.RunSession(&context); },
        [](auto& stream) {
          sessions::v1::RunSessionRequest request;
          request.add_calls()->set_id(1);
          EXPECT_TRUE(stream.Write(request));
        }));
    all.push_back(Opened<events::v1::EventsService, events::v1::SubscribeEventsResponse>(
        server_, secret,
        [](auto& stub, auto& context) { return stub.SubscribeEvents(&context, {}); }, nothing));
    all.push_back(Opened<notifications::v1::NotificationsService,
                         notifications::v1::WatchNotificationsResponse>(
        server_, secret,
        [](auto& stub, auto& context) { return stub.WatchNotifications(&context, {}); }, nothing));
    return all;
  }

  TestServer server_;
};

TEST_F(IdleStreamsTest, EndWithWhatOpenedThem) {
  const std::string& operators = server_.secret();
  const std::string leaving = CreateUser(operators);
  v1::CreateWorkspaceRequest create;
  create.mutable_workspace()->set_display_name("Other");
  const auto other = server_.Call(&Stub::CreateWorkspace, create);
  ASSERT_EQ(other.reason(), "");
  const auto passing = CreateKey(operators, CreateUser(operators), absl::Hours(1));
  const auto revoked = CreateKey(operators, CreateUser(operators));
  const auto of_leaving = CreateKey(operators, leaving);
  const auto of_other = CreateKey(other->secret(), CreateUser(other->secret()));
  const auto of_passing = OpenAll(passing.secret());
  const auto of_revoked = OpenAll(revoked.secret());
  const auto of_deactivated = OpenAll(of_leaving.secret());
  const auto of_suspended = OpenAll(of_other.secret());

  v1::RevokeApiKeyRequest revoke;
  revoke.set_name(revoked.api_key().name());
  ASSERT_EQ(server_.Call(&Stub::RevokeApiKey, revoke).reason(), "");
  users::v1::DeactivateUserRequest deactivate;
  deactivate.set_name(leaving);
  ASSERT_EQ(server_.Call(&Users::DeactivateUser, deactivate).reason(), "");
  v1::SuspendWorkspaceRequest suspend;
  suspend.set_name(other->workspace().name());
  ASSERT_EQ(server_.Call(&Stub::SuspendWorkspace, suspend).reason(), "");
  server_.clock().Advance(absl::Hours(1));
  for (const auto& stream : of_passing) EXPECT_EQ(stream->AwaitEnd(), "KEY_EXPIRED");
  for (const auto& stream : of_revoked) EXPECT_EQ(stream->AwaitEnd(), "UNAUTHENTICATED");
  for (const auto& stream : of_deactivated) EXPECT_EQ(stream->AwaitEnd(), "UNAUTHENTICATED");
  for (const auto& stream : of_suspended) EXPECT_EQ(stream->AwaitEnd(), "WORKSPACE_SUSPENDED");
}

}  // namespace
}  // namespace kith::workspaces
