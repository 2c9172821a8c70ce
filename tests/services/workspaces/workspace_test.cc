#include "services/workspaces/workspace.h"

#include <gtest/gtest.h>

#include "eventstore/base/sha256.h"
#include "kith/deals/v1/pipeline_events.pb.h"
#include "kith/workspaces/v1/workspaces_errors.pb.h"
#include "tests/testing/decider_spec.h"

namespace kith::workspaces {
namespace {

using runtime::Grants;
using testing::ChangesNothing;
using testing::DeciderSpec;
using testing::Given;
using testing::IsRejectedWith;
using testing::Proto;
using testing::SpecId;

v1::WorkspaceEvent Created() {
  return Proto<v1::WorkspaceEvent>(
      R"pb(workspace_created {
             workspace { name: "workspaces/1" display_name: "Acme" default_region: "DE" }
           })pb");
}

v1::WorkspaceEvent KeyCreated(const std::string& id) {
  auto event =
      Proto<v1::WorkspaceEvent>(R"pb(api_key_created {
                                       api_key { display_name: "Shop" permissions: "contacts.*" }
                                       secret_hash: "h"
                                     })pb");
  event.mutable_api_key_created()->mutable_api_key()->set_name("apiKeys/" + id);
  return event;
}

v1::WorkspaceEvent KeyRevoked(const std::string& id) {
  v1::WorkspaceEvent event;
  event.mutable_api_key_revoked()->set_name("apiKeys/" + id);
  return event;
}

v1::CreateWorkspaceRequest Create() {
  return Proto<v1::CreateWorkspaceRequest>(
      R"pb(workspace { name: "workspaces/99" display_name: "Acme" etag: "7" })pb");
}

TEST(CreateWorkspace, AppendsTheWorkspaceItsKeyAndItsPipelineTogether) {
  DeciderSpec spec;
  const Decision decision =
      Decide(WorkspaceState(), Create(), KeyMaker{Grants({"*"}), ""}, spec.context());
  ASSERT_TRUE(decision.ok());
  ASSERT_EQ(decision->list().size(), 3u);
  const auto& created =
      static_cast<const v1::WorkspaceEvent&>(*decision->list()[0].event).workspace_created();
  EXPECT_EQ(created.workspace().name(), "workspaces/1") << "what the caller calls it is ignored";
  EXPECT_EQ(created.workspace().display_name(), "Acme");
  const auto& key =
      static_cast<const v1::WorkspaceEvent&>(*decision->list()[1].event).api_key_created();
  EXPECT_EQ(key.api_key().permissions(0), "*");
  EXPECT_EQ(decision->list()[2].stream, "pipelines/default");
  EXPECT_TRUE(static_cast<const deals::v1::PipelineEvent&>(*decision->list()[2].event)
                  .has_pipeline_created());
}

TEST(CreateWorkspace, KeepsOnlyTheHashOfTheSecret) {
  DeciderSpec spec;
  const Decision decision =
      Decide(WorkspaceState(), Create(), KeyMaker{Grants({"*"}), ""}, spec.context());
  ASSERT_TRUE(decision.ok());
  Credentials credentials;
  ASSERT_TRUE(ParseCredentials(decision->secret(), &credentials));
  const auto& key =
      static_cast<const v1::WorkspaceEvent&>(*decision->list()[1].event).api_key_created();
  EXPECT_EQ(credentials.workspace, WorkspaceId(1));
  EXPECT_EQ(credentials.key_name, key.api_key().name());
  const Sha256Hash hash = Sha256::Of(credentials.secret);
  EXPECT_EQ(key.secret_hash(), std::string(hash.begin(), hash.end()));
  for (const Change& change : decision->list()) {
    EXPECT_EQ(change.event->SerializeAsString().find(std::string(credentials.secret)),
              std::string::npos)
        << "the secret itself stands in no event";
  }
}

TEST(CreateWorkspace, RefusesANumberThatIsTaken) {
  DeciderSpec spec;
  EXPECT_THAT(Decide(Given<WorkspaceAggregate>({Created()}), Create(), KeyMaker{Grants({"*"}), ""},
                     spec.context()),
              IsRejectedWith(type::v1::ERROR_CONFLICT));
}

TEST(UpdateWorkspace, ChangesOnlyWhatDiffers) {
  DeciderSpec spec;
  const WorkspaceState state = Given<WorkspaceAggregate>({Created()});
  EXPECT_THAT(Decide(state, Proto<v1::UpdateWorkspaceRequest>(R"pb(
                       workspace { display_name: "Acme" unique_contact_emails: true })pb"),
                     spec.context()),
              testing::Appends(
                  "workspaces/1",
                  Proto<v1::WorkspaceEvent>(R"pb(workspace_updated {
                                                   name: "workspaces/1"
                                                   update_mask { paths: "unique_contact_emails" }
                                                   workspace { unique_contact_emails: true }
                                                 })pb")));
  EXPECT_THAT(
      Decide(state, Proto<v1::UpdateWorkspaceRequest>(R"pb(workspace { display_name: "Acme" })pb"),
             spec.context()),
      ChangesNothing());
}

TEST(UpdateWorkspace, RefusesAnotherWorkspaceAndAStaleEtag) {
  DeciderSpec spec;
  const WorkspaceState state = Given<WorkspaceAggregate>({Created()});
  EXPECT_THAT(
      Decide(state, Proto<v1::UpdateWorkspaceRequest>(R"pb(workspace { name: "workspaces/2" })pb"),
             spec.context()),
      IsRejectedWith(v1::WORKSPACES_ERROR_WORKSPACE_NOT_FOUND));
  EXPECT_THAT(Decide(state, Proto<v1::UpdateWorkspaceRequest>(R"pb(workspace {
                                                                     etag: "9"
                                                                     display_name: "Other"
                                                                   })pb"),
                     spec.context()),
              IsRejectedWith(type::v1::ERROR_ETAG_MISMATCH));
}

TEST(CreateApiKey, GrantsNoMoreThanItsMakerHas) {
  DeciderSpec spec;
  const WorkspaceState state = Given<WorkspaceAggregate>({Created()});
  const auto command = Proto<v1::CreateApiKeyRequest>(R"pb(api_key {
                                                             display_name: "Shop"
                                                             permissions: "contacts.read"
                                                             permissions: "deals.*"
                                                           })pb");
  EXPECT_TRUE(Decide(state, command, KeyMaker{Grants({"*"}), ""}, spec.context()).ok());
  EXPECT_THAT(Decide(state, command, KeyMaker{Grants({"contacts.*"}), ""}, spec.context()),
              IsRejectedWith(v1::WORKSPACES_ERROR_PERMISSION_NOT_GRANTED));
  EXPECT_THAT(Decide(state, Proto<v1::CreateApiKeyRequest>(R"pb(api_key {
                                                                  display_name: "Root"
                                                                  permissions: "operator.workspaces"
                                                                })pb"),
                     KeyMaker{Grants({"*"}), ""}, spec.context()),
              IsRejectedWith(v1::WORKSPACES_ERROR_PERMISSION_NOT_GRANTED));
}

TEST(RevokeApiKey, RevokesOnceAndOnlyWhatIsThere) {
  DeciderSpec spec;
  const auto command = Proto<v1::RevokeApiKeyRequest>(R"pb(name: "apiKeys/K1")pb");
  EXPECT_THAT(
      Decide(Given<WorkspaceAggregate>({Created(), KeyCreated("K1")}), command, {}, spec.context()),
      testing::Appends("workspaces/1", KeyRevoked("K1")));
  EXPECT_THAT(Decide(Given<WorkspaceAggregate>({Created(), KeyCreated("K1"), KeyRevoked("K1")}),
                     command, {}, spec.context()),
              ChangesNothing());
  EXPECT_THAT(Decide(Given<WorkspaceAggregate>({Created()}), command, {}, spec.context()),
              IsRejectedWith(v1::WORKSPACES_ERROR_API_KEY_NOT_FOUND));
}

TEST(RevokeApiKey, LeavesOneKeyOfThoseThatGrantWhatIsKept) {
  DeciderSpec spec;
  const auto command = Proto<v1::RevokeApiKeyRequest>(R"pb(name: "apiKeys/K1")pb");
  const WorkspaceState alone = Given<WorkspaceAggregate>({Created(), KeyCreated("K1")});
  EXPECT_THAT(Decide(alone, command, {"users.read", "contacts.write"}, spec.context()),
              IsRejectedWith(v1::WORKSPACES_ERROR_LAST_KEY));
  EXPECT_THAT(Decide(alone, command, {"users.read"}, spec.context()),
              testing::Appends("workspaces/1", KeyRevoked("K1")));
  const WorkspaceState two =
      Given<WorkspaceAggregate>({Created(), KeyCreated("K1"), KeyCreated("K2")});
  EXPECT_THAT(Decide(two, command, {"contacts.write"}, spec.context()),
              testing::Appends("workspaces/1", KeyRevoked("K1")));
  const WorkspaceState one_left =
      Given<WorkspaceAggregate>({Created(), KeyCreated("K1"), KeyCreated("K2"), KeyRevoked("K2")});
  EXPECT_THAT(Decide(one_left, command, {"contacts.write"}, spec.context()),
              IsRejectedWith(v1::WORKSPACES_ERROR_LAST_KEY))
      << "a revoked key grants nothing";
}

TEST(Workspace, EveryEventMovesItsEtag) {
  const WorkspaceState state =
      Given<WorkspaceAggregate>({Created(), KeyCreated("K1"), KeyRevoked("K1")});
  EXPECT_EQ(state.workspace.etag(), "3");
  EXPECT_TRUE(state.keys.at("apiKeys/K1").api_key.revoked());
}

TEST(Credentials, OnlyTheirOwnFormIsRead) {
  Credentials credentials;
  const std::string text = CredentialsOf(WorkspaceId(7), "apiKeys/01J", "abc");  // viewed below
  EXPECT_TRUE(ParseCredentials(text, &credentials));
  EXPECT_EQ(credentials.workspace, WorkspaceId(7));
  EXPECT_EQ(credentials.key_name, "apiKeys/01J");
  EXPECT_EQ(credentials.secret, "abc");
  for (const char* other : {"", "kith", "kith_1_01J", "kith_x_01J_abc", "kith_-1_01J_abc",
                            "kith_1_01J_abc_d", "other_1_01J_abc", "kith_4294967296_01J_abc"}) {
    EXPECT_FALSE(ParseCredentials(other, &credentials)) << other;
  }
}

}  // namespace
}  // namespace kith::workspaces
