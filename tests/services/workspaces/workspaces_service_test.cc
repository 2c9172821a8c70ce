// Workspaces over gRPC, in a whole server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/log/keys.h"
#include "kith/events/v1/events_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/test_server.h"

namespace kith::workspaces {
namespace {

using Stub = v1::WorkspacesService::Stub;
using testing::Reply;

class WorkspacesServiceTest : public ::testing::Test {
 protected:
  Reply<v1::CreateWorkspaceResponse> Create(const std::string& display_name,
                                            const std::string& request_id = "") {
    v1::CreateWorkspaceRequest request;
    request.mutable_workspace()->set_display_name(display_name);
    request.set_request_id(request_id);
    return server_.Call(&Stub::CreateWorkspace, request);
  }

  Reply<v1::CreateApiKeyResponse> CreateKey(const std::string& secret,
                                            const std::string& permission,
                                            const std::string& workspace = "") {
    v1::CreateApiKeyRequest request;
    request.mutable_api_key()->set_display_name("Another");
    request.mutable_api_key()->add_permissions(permission);
    request.set_workspace(workspace);
    return server_.CallWith(secret, &Stub::CreateApiKey, request);
  }
  Reply<v1::ApiKey> Revoke(const std::string& secret, const std::string& key) {
    v1::RevokeApiKeyRequest request;
    request.set_name(key);
    return server_.CallWith(secret, &Stub::RevokeApiKey, request);
  }
  template <class Request>
  Reply<v1::Workspace> Do(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                       v1::Workspace*),
                          const std::string& name, const std::string& request_id = "",
                          const std::string& secret = "") {
    Request request;
    request.set_name(name);
    request.set_request_id(request_id);
    return server_.CallWith(secret.empty() ? server_.secret() : secret, method, request);
  }
  // Why a call with these credentials is refused.
  std::string Refused(const std::string& secret) {
    return server_.CallWith(secret, &Stub::GetWorkspace, {}).reason();
  }

  testing::TestServer server_;
};

// Goal: operators who create workspaces at one moment get one each, also without request ids.
TEST_F(WorkspacesServiceTest, CreatesAWorkspaceForEachOfManyWhoAskAtOnce) {
  constexpr int kOperators = 6;
  std::set<std::string> names;
  for (int round = 0; round < 5; ++round) {
    std::vector<Reply<v1::CreateWorkspaceResponse>> replies(kOperators);
    std::vector<std::thread> operators;
    for (auto& reply : replies) operators.emplace_back([&] { reply = Create("Another"); });
    for (std::thread& one : operators) one.join();
    for (const auto& reply : replies) {
      EXPECT_EQ(reply.reason(), "");
      EXPECT_NE(reply->secret(), "");
      names.insert(reply->workspace().name());
    }
  }
  EXPECT_EQ(names.size(), 5u * kOperators);
  EXPECT_TRUE(names.contains("workspaces/31")) << "numbers have no holes";
}

// Goal: whoever commits a change of a workspace does not wait for a disk to learn who may come in.
// Method: what the server knows since its start is no longer on the disk.
TEST_F(WorkspacesServiceTest, LearnsOfANewKeyFromMemory) {
  server_.Restart();
  const auto history = server_.runtime().log.ReadStream(
      server_.workspace(), "workspaces/1", Revision(1), eventstore::Direction::kForwards,
      eventstore::ReadTier::kDisk);
  for (auto event = history->Next(); *event != nullptr; event = history->Next()) {
    server_.disk().Remove(eventstore::Table::kEvents,
                          eventstore::PositionKey((*event)->header.position));
  }
  for (int i = 0; i < 2; ++i) {
    v1::CreateApiKeyRequest request;
    request.mutable_api_key()->set_display_name("Another");
    request.mutable_api_key()->add_permissions("*");
    const auto created = server_.Call(&Stub::CreateApiKey, request);
    ASSERT_EQ(created.reason(), "");
    EXPECT_EQ(server_.CallWith(created->secret(), &Stub::ListApiKeys, {}).reason(), "");
  }
}

TEST_F(WorkspacesServiceTest, CreatesOnceWhatIsAskedForTwice) {
  const auto first = Create("Acme", "create-acme");
  ASSERT_EQ(first.reason(), "");
  EXPECT_EQ(Create("Other")->workspace().name(), "workspaces/3");
  for (int life = 0; life < 2; ++life) {
    const auto again = Create("Acme", "create-acme");
    EXPECT_EQ(again.reason(), "");
    EXPECT_EQ(again->workspace().name(), first->workspace().name());
    EXPECT_EQ(again->secret(), "") << "told once";
    EXPECT_EQ(Create("Other", "create-acme").reason(), "REQUEST_ID_REUSED");
    server_.Restart();
  }
}

// Who changed which setting when, and what it was.
TEST_F(WorkspacesServiceTest, TellsTheHistoryOfItsSettings) {
  v1::UpdateWorkspaceRequest update;
  update.mutable_workspace()->set_fiscal_year_start_month(4);
  ASSERT_EQ(server_.Call(&Stub::UpdateWorkspace, update).reason(), "");
  update.mutable_workspace()->set_fiscal_year_start_month(7);
  ASSERT_EQ(server_.Call(&Stub::UpdateWorkspace, update).reason(), "");

  v1::ListWorkspaceRevisionsRequest ask;
  ask.set_field("fiscal_year_start_month");
  const auto history = server_.Call(&Stub::ListWorkspaceRevisions, ask);
  ASSERT_EQ(history.reason(), "");
  ASSERT_EQ(history->revisions_size(), 2);
  EXPECT_EQ(history->revisions(0).before().fiscal_year_start_month(), 4);
  EXPECT_EQ(history->revisions(0).after().fiscal_year_start_month(), 7);
  EXPECT_NE(history->revisions(0).revision().actor(), "");
  ask.clear_field();
  EXPECT_GT(server_.Call(&Stub::ListWorkspaceRevisions, ask)->revisions_size(), 3)
      << "its keys, too";

  v1::GetWorkspaceRequest get;
  EXPECT_EQ(server_.Call(&Stub::GetWorkspace, get)->fiscal_year_start_month(), 7);
  get.mutable_read()->set_sequence(history->revisions(1).revision().sequence());
  EXPECT_EQ(server_.Call(&Stub::GetWorkspace, get)->fiscal_year_start_month(), 4);
}

// Who made and who revoked which key.
TEST_F(WorkspacesServiceTest, TellsTheHistoryOfItsKeys) {
  const auto further = CreateKey(server_.secret(), "*");
  const std::string& name = further->api_key().name();
  const auto narrow = CreateKey(further->secret(), "contacts.read");
  ASSERT_EQ(Revoke(server_.secret(), narrow->api_key().name()).reason(), "");
  const auto history =
      server_.Call(&Stub::ListWorkspaceRevisions, v1::ListWorkspaceRevisionsRequest());
  ASSERT_EQ(history->revisions_size(), 5);
  const v1::WorkspaceRevision& revoked = history->revisions(0);
  EXPECT_EQ(revoked.revision().type(), "api_key_revoked");
  EXPECT_EQ(revoked.api_key().name(), narrow->api_key().name());
  EXPECT_EQ(revoked.api_key().display_name(), "Another");
  EXPECT_TRUE(revoked.api_key().revoked());
  EXPECT_NE("apiKeys/" + revoked.revision().actor(), name) << "by the first key";
  const v1::WorkspaceRevision& made = history->revisions(1);
  EXPECT_EQ(made.revision().type(), "api_key_created");
  EXPECT_EQ(made.api_key().name(), narrow->api_key().name());
  EXPECT_THAT(made.api_key().permissions(), ::testing::ElementsAre("contacts.read"));
  EXPECT_FALSE(made.api_key().revoked()) << "it was not yet";
  EXPECT_EQ("apiKeys/" + made.revision().actor(), name) << "by whoever made it";
  EXPECT_EQ(history->revisions(3).api_key().display_name(), "First key");
  EXPECT_FALSE(history->revisions(4).has_api_key()) << "the workspace itself";
}

TEST_F(WorkspacesServiceTest, TellsNobodyAboutAnotherWorkspace) {
  const auto other = Create("Other");
  ASSERT_EQ(other.reason(), "");
  v1::GetWorkspaceRequest get;
  get.set_name(other->workspace().name());
  EXPECT_EQ(server_.Call(&Stub::GetWorkspace, get).reason(), "WORKSPACE_NOT_FOUND");
  v1::ListWorkspaceRevisionsRequest ask;
  ask.set_name(other->workspace().name());
  EXPECT_EQ(server_.Call(&Stub::ListWorkspaceRevisions, ask).reason(), "WORKSPACE_NOT_FOUND");
  ask.clear_name();
  const auto own = server_.CallWith(other->secret(), &Stub::ListWorkspaceRevisions, ask);
  ASSERT_EQ(own.reason(), "");
  EXPECT_EQ(own->revisions_size(), 2) << "it and its first key";
  EXPECT_EQ(own->revisions(1).after().display_name(), "Other");
}

TEST_F(WorkspacesServiceTest, KeepsTheLastKeyThatMakesKeys) {
  const auto other = Create("Other");
  const auto& first = other->api_key().name();
  ASSERT_EQ(CreateKey(other->secret(), "workspaces.read").reason(), "");
  const auto refused = Revoke(other->secret(), first);
  EXPECT_EQ(refused.reason(), "LAST_KEY");
  EXPECT_EQ(refused.metadata("permission"), "workspaces.write");
  EXPECT_THAT(refused.status.error_message(), ::testing::HasSubstr("Create a key"));
  const auto further = CreateKey(other->secret(), "workspaces.*");
  EXPECT_EQ(Revoke(further->secret(), first).reason(), "");
  EXPECT_EQ(Revoke(further->secret(), further->api_key().name()).reason(), "LAST_KEY");
}

TEST_F(WorkspacesServiceTest, KeepsTheLastKeyOfAnOperator) {
  const auto keys = server_.Call(&Stub::ListApiKeys, v1::ListApiKeysRequest());
  ASSERT_EQ(keys->api_keys_size(), 1);
  const std::string& first = keys->api_keys(0).name();
  ASSERT_EQ(CreateKey(server_.secret(), "*").reason(), "");
  const auto refused = Revoke(server_.secret(), first);
  EXPECT_EQ(refused.reason(), "LAST_KEY");
  EXPECT_EQ(refused.metadata("permission"), "operator.workspaces");
  ASSERT_EQ(CreateKey(server_.secret(), "operator.*").reason(), "");
  EXPECT_EQ(Revoke(server_.secret(), first).reason(), "");
}

// Goal: of two keys that are revoked at once, each of which may go as long as the other is there,
// one stays.
TEST_F(WorkspacesServiceTest, KeepsOneOfTwoKeysThatAreRevokedAtOnce) {
  for (int round = 0; round < 20; ++round) {
    const auto other = Create("Other");
    const auto further = CreateKey(other->secret(), "*");
    Reply<v1::ApiKey> one;
    Reply<v1::ApiKey> two;
    std::thread revoking([&] { one = Revoke(other->secret(), further->api_key().name()); });
    two = Revoke(further->secret(), other->api_key().name());
    revoking.join();
    EXPECT_NE(one.ok(), two.ok()) << one.reason() << ", " << two.reason();
    const std::string& left = one.ok() ? other->secret() : further->secret();
    EXPECT_EQ(CreateKey(left, "*").reason(), "");
  }
}

TEST_F(WorkspacesServiceTest, GivesAWorkspaceAnotherKeyWhoseKeysAreLost) {
  const auto other = Create("Other");
  const std::string& name = other->workspace().name();
  const auto made = CreateKey(server_.secret(), "*", name);
  ASSERT_EQ(made.reason(), "");
  const auto keys = server_.CallWith(made->secret(), &Stub::ListApiKeys, v1::ListApiKeysRequest());
  ASSERT_EQ(keys.reason(), "");
  EXPECT_EQ(keys->api_keys_size(), 2);
  v1::ListWorkspaceRevisionsRequest ask;
  const auto history = server_.CallWith(made->secret(), &Stub::ListWorkspaceRevisions, ask);
  ASSERT_EQ(history->revisions_size(), 3) << "it stands in that workspace's own log";
  const auto operators = server_.Call(&Stub::ListApiKeys, v1::ListApiKeysRequest());
  EXPECT_EQ("apiKeys/" + history->revisions(0).revision().actor(), operators->api_keys(0).name())
      << "and says who made it";
}

TEST_F(WorkspacesServiceTest, LetsOnlyAnOperatorReachAnotherWorkspace) {
  const auto one = Create("One");
  const auto two = Create("Two");
  const auto denied = CreateKey(one->secret(), "*", two->workspace().name());
  EXPECT_EQ(denied.reason(), "PERMISSION_DENIED");
  EXPECT_EQ(denied.metadata("permission"), "operator.workspaces");
  EXPECT_EQ(CreateKey(one->secret(), "*", "workspaces/99").reason(), "PERMISSION_DENIED")
      << "whether it is there or not";
  EXPECT_EQ(CreateKey(one->secret(), "*", one->workspace().name()).reason(), "");
  const auto guest = CreateKey(server_.secret(), "*");
  EXPECT_EQ(CreateKey(guest->secret(), "*", two->workspace().name()).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(CreateKey(server_.secret(), "*", "workspaces/99").reason(), "WORKSPACE_NOT_FOUND");
  EXPECT_EQ(CreateKey(server_.secret(), "*", "workspaces/02").reason(), "WORKSPACE_NOT_FOUND");
  EXPECT_EQ(CreateKey(server_.secret(), "operator.*", two->workspace().name()).reason(),
            "PERMISSION_NOT_GRANTED");
}

TEST_F(WorkspacesServiceTest, LetsNobodyIntoAWorkspaceThatIsSuspended) {
  const auto other = Create("Other");
  const std::string& name = other->workspace().name();
  EXPECT_EQ(other->workspace().state(), v1::ACTIVE);
  const auto suspended = Do(&Stub::SuspendWorkspace, name);
  ASSERT_EQ(suspended.reason(), "");
  EXPECT_EQ(suspended->state(), v1::SUSPENDED);
  const std::string wrong = other->secret() + "x";
  for (int life = 0; life < 2; ++life) {
    const auto refused = server_.CallWith(other->secret(), &Stub::GetWorkspace, {});
    EXPECT_EQ(refused.reason(), "WORKSPACE_SUSPENDED");
    EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_EQ(refused.metadata("workspace"), name);
    EXPECT_EQ(Refused(wrong), "UNAUTHENTICATED") << "others are told nothing";
    EXPECT_EQ(Refused(server_.secret()), "") << "the operator goes on";
    server_.Restart();
  }
  EXPECT_EQ(Do(&Stub::SuspendWorkspace, name)->etag(), suspended->etag()) << "it is already";
  EXPECT_EQ(Do(&Stub::ResumeWorkspace, name)->state(), v1::ACTIVE);
  EXPECT_EQ(Refused(other->secret()), "");
  v1::ListWorkspaceRevisionsRequest ask;
  ask.set_field("state");
  const auto history = server_.CallWith(other->secret(), &Stub::ListWorkspaceRevisions, ask);
  ASSERT_EQ(history->revisions_size(), 3);
  EXPECT_EQ(history->revisions(0).before().state(), v1::SUSPENDED);
  EXPECT_EQ(history->revisions(0).after().state(), v1::ACTIVE);
}

TEST_F(WorkspacesServiceTest, EndsTheStreamsOfAWorkspaceThatIsSuspended) {
  const auto other = Create("Other");
  events::v1::EventsService::Stub stub(server_.channel());
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + other->secret());
  const auto stream = stub.SubscribeEvents(&context, {});
  events::v1::SubscribeEventsResponse response;
  ASSERT_TRUE(stream->Read(&response));
  ASSERT_EQ(Do(&Stub::SuspendWorkspace, other->workspace().name()).reason(), "");
  while (stream->Read(&response)) {
    for (const auto& event : response.events().events()) {
      EXPECT_NE(event.type(), "workspace_updated") << "nothing further is told";
    }
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(WorkspacesServiceTest, ClosesAWorkspaceForGood) {
  const auto other = Create("Other");
  const std::string& name = other->workspace().name();
  const auto deleted = Do(&Stub::DeleteWorkspace, name, "delete-1");
  EXPECT_EQ(deleted->state(), v1::CLOSED);
  for (int life = 0; life < 2; ++life) {
    EXPECT_EQ(Refused(other->secret()), "WORKSPACE_CLOSED");
    EXPECT_EQ(Do(&Stub::DeleteWorkspace, name, "delete-1")->etag(), deleted->etag());
    EXPECT_EQ(Do(&Stub::DeleteWorkspace, name).reason(), "") << "it is already";
    EXPECT_EQ(Do(&Stub::ResumeWorkspace, name).reason(), "WORKSPACE_DELETED");
    EXPECT_EQ(Do(&Stub::SuspendWorkspace, name).reason(), "WORKSPACE_DELETED");
    EXPECT_EQ(CreateKey(server_.secret(), "*", name).reason(), "WORKSPACE_DELETED");
    server_.Restart();
  }
  EXPECT_EQ(Create("Next")->workspace().name(), "workspaces/3") << "its number stays taken";
  const auto all = server_.Call(&Stub::ListWorkspaces, v1::ListWorkspacesRequest());
  ASSERT_EQ(all->workspaces_size(), 3);
  EXPECT_EQ(all->workspaces(1).state(), v1::CLOSED);
}

TEST_F(WorkspacesServiceTest, IsSuspendedByOperatorsAloneAndNeverTheirOwn) {
  const auto other = Create("Other");
  const std::string& name = other->workspace().name();
  for (const std::string& asked : {name, std::string("workspaces/99")}) {
    const auto denied = Do(&Stub::SuspendWorkspace, asked, "", other->secret());
    EXPECT_EQ(denied.reason(), "PERMISSION_DENIED");
    EXPECT_EQ(denied.metadata("permission"), "operator.workspaces");
  }
  EXPECT_EQ(Do(&Stub::SuspendWorkspace, "workspaces/99").reason(), "WORKSPACE_NOT_FOUND");
  EXPECT_EQ(Do(&Stub::DeleteWorkspace, "workspaces/02").reason(), "WORKSPACE_NOT_FOUND");
  EXPECT_EQ(Do(&Stub::SuspendWorkspace, "workspaces/1").reason(), "OPERATORS_WORKSPACE");
  EXPECT_EQ(Do(&Stub::DeleteWorkspace, "workspaces/1").reason(), "OPERATORS_WORKSPACE");
  EXPECT_EQ(Do(&Stub::ResumeWorkspace, "workspaces/1").reason(), "") << "it is active";
  v1::SuspendWorkspaceRequest stale;
  stale.set_name(name);
  stale.set_etag("99");
  EXPECT_EQ(server_.Call(&Stub::SuspendWorkspace, stale).reason(), "ETAG_MISMATCH");
}

// Goal: an operator can let those in again who lost their keys while nobody was let in.
TEST_F(WorkspacesServiceTest, GivesASuspendedWorkspaceAKeyForLater) {
  const auto other = Create("Other");
  const std::string& name = other->workspace().name();
  ASSERT_EQ(Do(&Stub::SuspendWorkspace, name).reason(), "");
  v1::CreateApiKeyRequest request;
  request.mutable_api_key()->set_display_name("Again");
  request.mutable_api_key()->add_permissions("*");
  request.set_workspace(name);
  request.set_request_id("again");
  const auto made = server_.Call(&Stub::CreateApiKey, request);
  ASSERT_EQ(made.reason(), "");
  const auto repeated = server_.Call(&Stub::CreateApiKey, request);
  EXPECT_EQ(repeated->api_key().name(), made->api_key().name());
  EXPECT_EQ(repeated->secret(), "") << "told once";
  EXPECT_EQ(Refused(made->secret()), "WORKSPACE_SUSPENDED");
  ASSERT_EQ(Do(&Stub::ResumeWorkspace, name).reason(), "");
  EXPECT_EQ(Refused(made->secret()), "");
}

// What a key may grant is what the methods of this server ask for.
TEST_F(WorkspacesServiceTest, RefusesAPermissionThatNoMethodAsksFor) {
  const auto refused = CreateKey(server_.secret(), "contacts.create");
  EXPECT_EQ(refused.reason(), "UNKNOWN_PERMISSION");
  EXPECT_THAT(refused.fields(), ::testing::ElementsAre("api_key.permissions[0]"));
  for (const char* permission : {"contacts.write", "interactions.redact", "operator.workspaces"}) {
    EXPECT_THAT(refused.metadata("permissions"), ::testing::HasSubstr(permission));
    EXPECT_EQ(CreateKey(server_.secret(), permission).reason(), "");
  }
}

}  // namespace
}  // namespace kith::workspaces
