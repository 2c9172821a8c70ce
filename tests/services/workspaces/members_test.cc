// What keys of users may do: what their roles grant, as long as they have them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/teams/v1/teams_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "services/workspaces/workspace_directory.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::workspaces {
namespace {

using contacts::v1::ContactsService;
using roles::v1::RolesService;
using teams::v1::TeamsService;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Proto;
using ::testing::UnorderedElementsAre;
using users::v1::UsersService;
using v1::WorkspacesService;

class MembersTest : public ::testing::Test {
 protected:
  std::string CreateTeam(const std::string& parent = "") {
    teams::v1::CreateTeamRequest request;
    request.mutable_team()->set_display_name("A team");
    request.mutable_team()->set_parent(parent);
    const auto created = server_.Call(&TeamsService::Stub::CreateTeam, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  std::string CreateRole(absl::string_view role) {
    roles::v1::CreateRoleRequest request;
    *request.mutable_role() = Proto<roles::v1::Role>(role);
    const auto created = server_.Call(&RolesService::Stub::CreateRole, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  std::string CreateUser(const std::vector<std::string>& roles,
                         const std::vector<std::string>& teams = {}) {
    users::v1::CreateUserRequest request;
    request.mutable_user()->set_display_name("Marta");
    for (const std::string& role : roles) request.mutable_user()->add_roles(role);
    for (const std::string& team : teams) request.mutable_user()->add_teams(team);
    const auto created = server_.Call(&UsersService::Stub::CreateUser, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  testing::Reply<users::v1::User> Update(absl::string_view user, const std::string& mask) {
    users::v1::UpdateUserRequest request;
    *request.mutable_user() = Proto<users::v1::User>(user);
    request.mutable_update_mask()->add_paths(mask);
    return server_.Call(&UsersService::Stub::UpdateUser, request);
  }
  testing::Reply<v1::CreateApiKeyResponse> CreateKey(const std::string& user,
                                                     const std::vector<std::string>& permissions,
                                                     const std::string& maker = "") {
    v1::CreateApiKeyRequest request;
    request.mutable_api_key()->set_display_name("Marta's");
    request.mutable_api_key()->set_user(user);
    for (const std::string& each : permissions) request.mutable_api_key()->add_permissions(each);
    return server_.CallWith(maker.empty() ? server_.secret() : maker,
                            &WorkspacesService::Stub::CreateApiKey, request);
  }
  std::string KeyOf(const std::string& user, const std::vector<std::string>& permissions = {"*"}) {
    const auto created = CreateKey(user, permissions);
    EXPECT_EQ(created.reason(), "");
    return created->secret();
  }
  std::shared_ptr<const runtime::Caller> CallerOf(const std::string& key) {
    return server_.runtime().authorizer->Authenticate(key);
  }
  std::string Reading(const std::string& key) {
    return server_
        .CallWith(key, &ContactsService::Stub::ListContacts, contacts::v1::ListContactsRequest())
        .reason();
  }
  const MemberDirectory& members() {
    return static_cast<const WorkspaceDirectory&>(*server_.runtime().authorizer).members();
  }

  testing::TestServer server_;
};

TEST_F(MembersTest, MayWhatTheirRolesGrantAndTheirKeyToo) {
  const std::string team = CreateTeam();
  const std::string part = CreateTeam(team);
  const std::string part_of_part = CreateTeam(part);
  CreateTeam();
  const std::string role =
      CreateRole(R"pb(display_name: "Mine"
                      grants { permission: "contacts.read" scope: OWN }
                      grants { permission: "pipelines.write" scope: ALL })pb");
  const std::string user = CreateUser({"roles/sales-rep", role}, {team});
  const auto caller = CallerOf(KeyOf(user, {"*.read", "pipelines.write"}));
  ASSERT_NE(caller, nullptr);
  EXPECT_EQ(caller->member->user, user);
  EXPECT_THAT(caller->member->teams, UnorderedElementsAre(team, part, part_of_part));
  EXPECT_TRUE(caller->member->reads_money);
  EXPECT_EQ(caller->grants.ScopeOf("contacts.read"), Scope::kTeam) << "the wider of the two";
  EXPECT_EQ(caller->grants.ScopeOf("pipelines.write"), Scope::kAll) << "of the second role";
  EXPECT_EQ(caller->grants.ScopeOf("contacts.write"), Scope::kNone) << "not of the key";
  EXPECT_EQ(caller->grants.ScopeOf("events.read"), Scope::kNone) << "not of a role";
  const auto service = CallerOf(server_.secret());
  EXPECT_EQ(service->member, nullptr);
  EXPECT_EQ(service->grants.ScopeOf("contacts.read"), Scope::kAll);
}

TEST_F(MembersTest, MayNothingMoreOnceAChangeIsAcknowledged) {
  const std::string role = CreateRole(R"pb(display_name: "Mine"
                                           grants { permission: "contacts.read" scope: ALL })pb");
  const std::string user = CreateUser({role});
  const std::string key = KeyOf(user);
  const std::string named = absl::StrCat("name: '", user, "' ");
  EXPECT_EQ(Reading(key), "");
  ASSERT_EQ(Update(named, "roles").reason(), "");
  EXPECT_EQ(Reading(key), "PERMISSION_DENIED");
  ASSERT_EQ(Update(absl::StrCat(named, "roles: '", role, "'"), "roles").reason(), "");
  EXPECT_EQ(Reading(key), "");
  roles::v1::UpdateRoleRequest narrower;
  narrower.mutable_role()->set_name(role);
  narrower.mutable_update_mask()->add_paths("grants");
  ASSERT_EQ(server_.Call(&RolesService::Stub::UpdateRole, narrower).reason(), "");
  EXPECT_EQ(Reading(key), "PERMISSION_DENIED");
  ASSERT_EQ(Update(absl::StrCat(named, "roles: 'roles/auditor'"), "roles").reason(), "");
  EXPECT_EQ(Reading(key), "");
  users::v1::DeactivateUserRequest deactivate;
  deactivate.set_name(user);
  ASSERT_EQ(server_.Call(&UsersService::Stub::DeactivateUser, deactivate).reason(), "");
  EXPECT_EQ(Reading(key), "UNAUTHENTICATED");
  users::v1::ActivateUserRequest activate;
  activate.set_name(user);
  ASSERT_EQ(server_.Call(&UsersService::Stub::ActivateUser, activate).reason(), "");
  EXPECT_EQ(Reading(key), "");
  users::v1::DeleteUserRequest remove;
  remove.set_name(user);
  ASSERT_EQ(server_.Call(&UsersService::Stub::DeleteUser, remove).reason(), "");
  EXPECT_EQ(Reading(key), "UNAUTHENTICATED");
}

TEST_F(MembersTest, AreTheSameAfterAStartWhateverTheViewsHave) {
  const std::string team = CreateTeam();
  const std::string part = CreateTeam(team);
  const std::string role = CreateRole(R"pb(display_name: "Mine"
                                           grants { permission: "contacts.read" scope: OWN })pb");
  const std::string user = CreateUser({role}, {team});
  const std::string colleague = CreateUser({}, {part});
  CreateUser({}, {CreateTeam()});
  const std::string key = KeyOf(user);
  for (const bool new_views : {false, true}) {
    server_.Restart(new_views);
    const auto caller = CallerOf(key);
    ASSERT_NE(caller, nullptr);
    EXPECT_EQ(caller->grants.ScopeOf("contacts.read"), Scope::kOwn);
    EXPECT_THAT(caller->member->teams, UnorderedElementsAre(team, part));
    EXPECT_THAT(members().UsersIn(server_.workspace(), {team}),
                UnorderedElementsAre(user, colleague));
    EXPECT_THAT(members().UsersIn(server_.workspace(), {part}), ElementsAre(colleague));
    EXPECT_THAT(members().UsersIn(server_.workspace(), {"teams/x"}), IsEmpty());
  }
}

// Goal: a start changes nothing of what anybody sees. Method: users, teams and roles come, change
// and go, and what is known of each who is there is compared with what a start makes of it, from
// rows and from the log alone.
TEST_F(MembersTest, AreLiveWhatAStartMakesOfThem) {
  const std::string team = CreateTeam();
  const std::string part = CreateTeam(team);
  const std::string gone_part = CreateTeam(team);
  const std::string role = CreateRole(R"pb(display_name: "Mine"
                                           grants { permission: "contacts.read" scope: ALL })pb");
  const std::string lead = CreateUser({role, "roles/marketing"}, {team});
  const std::string colleague = CreateUser({role}, {part});
  const std::string deleted = CreateUser({role}, {part});
  const std::string back = CreateUser({role}, {part});
  const std::string left = CreateUser({role}, {part});
  const std::string inactive = CreateUser({role}, {part});
  const std::string homeless = CreateUser({role}, {gone_part});
  const std::string others = CreateUser({role}, {CreateTeam()});
  ASSERT_EQ(Update(absl::StrCat("name: '", left, "'"), "teams").reason(), "");
  const auto call = [&](auto method, auto request, const std::string& name) {
    request.set_name(name);
    EXPECT_EQ(server_.Call(method, request).reason(), "");
  };
  call(&UsersService::Stub::DeleteUser, users::v1::DeleteUserRequest(), deleted);
  call(&UsersService::Stub::DeleteUser, users::v1::DeleteUserRequest(), back);
  call(&UsersService::Stub::UndeleteUser, users::v1::UndeleteUserRequest(), back);
  call(&UsersService::Stub::DeactivateUser, users::v1::DeactivateUserRequest(), inactive);
  call(&TeamsService::Stub::DeleteTeam, teams::v1::DeleteTeamRequest(), gone_part);
  roles::v1::UpdateRoleRequest narrower;
  *narrower.mutable_role() = Proto<roles::v1::Role>(absl::StrCat(
      "name: '", role, "' display_name: 'Mine' grants { permission: 'deals.read' scope: OWN }"));
  ASSERT_EQ(server_.Call(&RolesService::Stub::UpdateRole, narrower).reason(), "");
  const auto known = [&] {
    std::string all;
    for (const std::string& user :
         {lead, colleague, deleted, back, left, inactive, homeless, others}) {
      const auto found = members().Find(server_.workspace(), user);
      absl::StrAppend(&all, user, ":");
      if (!found.has_value()) {
        absl::StrAppend(&all, " nobody\n");
        continue;
      }
      absl::StrAppend(&all, " teams ", absl::StrJoin(found->member->teams, " "), " colleagues ",
                      absl::StrJoin(found->member->colleagues, " "), " reads ",
                      found->member->reads_personal, found->member->reads_money);
      for (const Grant& grant : found->grants.permissions) {
        absl::StrAppend(&all, " ", grant.pattern, "/", NameOf(grant.scope));
      }
      absl::StrAppend(&all, "\n");
    }
    return absl::StrCat(all, absl::StrJoin(members().UsersIn(server_.workspace(), {team}), " "));
  };
  EXPECT_THAT(members().Find(server_.workspace(), lead)->member->colleagues,
              UnorderedElementsAre(lead, colleague, back, inactive));
  const std::string live = known();
  for (const bool new_views : {false, true}) {
    server_.Restart(new_views);
    EXPECT_EQ(known(), live);
  }
}

TEST_F(MembersTest, AreNoOtherThanThoseThatAreThere) {
  const auto refused = CreateKey("users/01J00000000000000000000000", {"*"});
  EXPECT_EQ(refused.reason(), "LINKED_RECORD_NOT_FOUND");
  EXPECT_THAT(refused.fields(), ElementsAre("api_key.user"));
}

// What is granted for some records only makes no key that reaches all of them.
TEST_F(MembersTest, MakeNoKeysThatReachFartherThanTheyDo) {
  const std::string role = CreateRole(R"pb(display_name: "Mine"
                                           grants { permission: "workspaces.write" scope: ALL }
                                           grants { permission: "contacts.read" scope: OWN }
                                           field_groups: PERSONAL
                                           field_groups: MONEY)pb");
  const std::string user = CreateUser({role});
  const std::string key = KeyOf(user);
  EXPECT_EQ(CreateKey("", {"contacts.read"}, key).reason(), "PERMISSION_NOT_GRANTED");
  EXPECT_EQ(CreateKey("", {"deals.read"}, key).reason(), "PERMISSION_NOT_GRANTED");
  EXPECT_EQ(CreateKey(CreateUser({"roles/admin"}), {"contacts.read"}, key).reason(),
            "PERMISSION_NOT_GRANTED");
  EXPECT_EQ(CreateKey(user, {"contacts.read"}, key).reason(), "");
  EXPECT_EQ(CreateKey("", {"workspaces.write"}, key).reason(), "");
}

// A service's key shows all fields, and another user's what their roles do or will do.
TEST_F(MembersTest, MakeNoKeysThatShowFieldsHiddenFromThem) {
  const std::string role = CreateRole(R"pb(display_name: "Mine"
                                           grants { permission: "workspaces.write" scope: ALL }
                                           grants { permission: "deals.read" scope: ALL }
                                           field_groups: PERSONAL)pb");
  const std::string user = CreateUser({role});
  const std::string key = KeyOf(user);
  const auto refused = CreateKey("", {"deals.read"}, key);
  EXPECT_EQ(refused.reason(), "PERMISSION_NOT_GRANTED");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(refused.metadata("field_group"), "MONEY");
  EXPECT_EQ(CreateKey(CreateUser({"roles/admin"}), {"deals.read"}, key).metadata("field_group"),
            "MONEY");
  EXPECT_EQ(CreateKey(CreateUser({}), {"deals.read"}, key).metadata("field_group"), "MONEY")
      << "whose roles may be others later";
  EXPECT_EQ(CreateKey(user, {"deals.read"}, key).reason(), "");
  ASSERT_EQ(
      Update(absl::StrCat("name: '", user, "' roles: ['", role, "', 'roles/sales-rep']"), "roles")
          .reason(),
      "");
  EXPECT_EQ(CreateKey("", {"deals.read"}, key).reason(), "") << "roles add up";
}

}  // namespace
}  // namespace kith::workspaces
