// Roles over gRPC: what is their own. What every resource does is asked in tests/conformance.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "services/core/built_in_roles.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::roles {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using Stub = v1::RolesService::Stub;
using users::v1::UsersService;
using workspaces::v1::WorkspacesService;

class RolesServiceTest : public ::testing::Test {
 protected:
  testing::Reply<v1::Role> Create(absl::string_view role, const std::string& secret = "") {
    v1::CreateRoleRequest request;
    *request.mutable_role() = testing::Proto<v1::Role>(role);
    return server_.CallWith(secret.empty() ? server_.secret() : secret, &Stub::CreateRole, request);
  }
  testing::Reply<v1::Role> Update(absl::string_view role, const std::string& secret) {
    v1::UpdateRoleRequest request;
    *request.mutable_role() = testing::Proto<v1::Role>(role);
    return server_.CallWith(secret, &Stub::UpdateRole, request);
  }
  std::vector<std::string> List(absl::string_view filter) {
    v1::ListRolesRequest list;
    list.set_filter(std::string(filter));
    const auto listed = server_.Call(&Stub::ListRoles, list);
    std::vector<std::string> names;
    for (const auto& role : listed->roles()) names.push_back(role.name());
    return names;
  }
  std::string KeyGranting(const std::vector<std::string>& permissions) {
    workspaces::v1::CreateApiKeyRequest request;
    request.mutable_api_key()->set_display_name("Another");
    for (const std::string& each : permissions) request.mutable_api_key()->add_permissions(each);
    const auto created = server_.Call(&WorkspacesService::Stub::CreateApiKey, request);
    EXPECT_EQ(created.reason(), "");
    return created->secret();
  }

  // Of a user whose only role this is.
  std::string KeyOfUserWith(const std::string& role) {
    users::v1::CreateUserRequest user;
    user.mutable_user()->set_display_name("Marta");
    user.mutable_user()->add_roles(role);
    const auto created = server_.Call(&UsersService::Stub::CreateUser, user);
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Marta's");
    key.mutable_api_key()->set_user(created->name());
    key.mutable_api_key()->add_permissions("*");
    const auto made = server_.Call(&WorkspacesService::Stub::CreateApiKey, key);
    EXPECT_EQ(made.reason(), "");
    return made->secret();
  }

  testing::TestServer server_;
};

TEST_F(RolesServiceTest, AreThereInEveryWorkspaceFromItsBeginning) {
  const auto built_in = {"roles/admin",      "roles/sales-manager", "roles/sales-rep",
                         "roles/support",    "roles/marketing",     "roles/auditor",
                         "roles/integration"};
  EXPECT_THAT(List("built_in = true"), ::testing::UnorderedElementsAreArray(built_in));
  const auto mine = Create(R"pb(display_name: "Mine")pb");
  ASSERT_EQ(mine.reason(), "");
  EXPECT_THAT(List("built_in = false"), ElementsAre(mine->name()));
  v1::GetRoleRequest get;
  get.set_name("roles/admin");
  const auto admin = server_.Call(&Stub::GetRole, get);
  EXPECT_EQ(admin->grants(0).permission(), "*");
  EXPECT_EQ(admin->grants(0).scope(), v1::ALL);
  workspaces::v1::CreateWorkspaceRequest create;
  create.mutable_workspace()->set_display_name("Another");
  const auto other = server_.Call(&WorkspacesService::Stub::CreateWorkspace, create);
  EXPECT_EQ(server_.CallWith(other->secret(), &Stub::GetRole, get).reason(), "");
  server_.Restart(/*new_views=*/true);
  EXPECT_EQ(List("").size(), BuiltInRoles().size() + 1);
}

TEST_F(RolesServiceTest, ThatAreBuiltInStayAsTheyAre) {
  const auto changed =
      Update(R"pb(name: "roles/auditor" display_name: "Mine")pb", server_.secret());
  EXPECT_EQ(changed.reason(), "BUILT_IN");
  EXPECT_EQ(changed.status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  v1::DeleteRoleRequest remove;
  remove.set_name("roles/admin");
  EXPECT_EQ(server_.Call(&Stub::DeleteRole, remove).reason(), "BUILT_IN");
  v1::UndeleteRoleRequest undelete;
  undelete.set_name("roles/admin");
  EXPECT_EQ(server_.Call(&Stub::UndeleteRole, undelete).reason(), "BUILT_IN");
}

TEST_F(RolesServiceTest, ThatAreBuiltInGrantOnlyWhatMethodsAskFor) {
  const std::vector<std::string> known = server_.methods().Permissions();
  for (const v1::Role& role : BuiltInRoles()) {
    for (const v1::RoleGrant& grant : role.grants()) {
      EXPECT_TRUE(std::any_of(
          known.begin(), known.end(),
          [&](const std::string& permission) { return Matches(grant.permission(), permission); }))
          << role.name() << ": " << grant.permission();
    }
  }
}

TEST_F(RolesServiceTest, GrantWhatThereIsAndOnce) {
  const auto unknown = Create(R"pb(display_name: "Mine"
                                   grants { permission: "contacts.read" scope: OWN }
                                   grants { permission: "contacts.delete" scope: OWN })pb");
  EXPECT_EQ(unknown.reason(), "UNKNOWN_PERMISSION");
  EXPECT_EQ(unknown.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(unknown.fields(), ElementsAre("role.grants[1].permission"));
  EXPECT_THAT(unknown.metadata("permissions"), HasSubstr("users.change_owner"));
  const auto twice = Create(R"pb(display_name: "Mine"
                                 grants { permission: "contacts.read" scope: OWN }
                                 grants { permission: "contacts.read" scope: ALL }
                                 field_groups: MONEY
                                 field_groups: MONEY)pb");
  EXPECT_EQ(twice.reason(), "INVALID_FIELD");
  EXPECT_THAT(twice.fields(), ElementsAre("role.grants[1].permission", "role.field_groups[1]"));
  EXPECT_THAT(Create(R"pb(display_name: "Mine"
                          grants { permission: "contacts" scope: OWN }
                          grants { permission: "deals.read" })pb")
                  .fields(),
              UnorderedElementsAre("role.grants[0].permission", "role.grants[1].scope"));
}

TEST_F(RolesServiceTest, GrantNoMoreThanTheirMakersHave) {
  const std::string key = KeyGranting({"roles.*", "contacts.*"});
  const auto refused = Create(R"pb(display_name: "Mine"
                                   grants { permission: "contacts.read" scope: ALL }
                                   grants { permission: "*.read" scope: OWN })pb",
                              key);
  EXPECT_EQ(refused.reason(), "PERMISSION_NOT_GRANTED");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(refused.metadata("permission"), "*.read");
  EXPECT_EQ(refused.metadata("own_scope"), "none");
  const auto made = Create(R"pb(display_name: "Mine"
                                grants { permission: "*.write" scope: ALL })pb");
  ASSERT_EQ(made.reason(), "");
  // What it granted before, somebody else may leave in it.
  EXPECT_EQ(Update(absl::StrCat("name: '", made->name(),
                                "' grants { permission: '*.write' scope: TEAM } "
                                "grants { permission: 'contacts.read' scope: ALL }"),
                   key)
                .reason(),
            "");
  EXPECT_EQ(
      Update(absl::StrCat("name: '", made->name(), "' grants { permission: '*.write' scope: ALL }"),
             key)
          .reason(),
      "PERMISSION_NOT_GRANTED")
      << "farther again";
}

TEST_F(RolesServiceTest, ShowNoFieldsThatAreHiddenFromTheirMakers) {
  const auto own = Create(R"pb(display_name: "Mine"
                               grants { permission: "roles.*" scope: ALL }
                               field_groups: PERSONAL)pb");
  const std::string key = KeyOfUserWith(own->name());
  const std::string named = absl::StrCat("name: '", own->name(), "' display_name: 'Mine' ");
  const std::string granting = "grants { permission: 'roles.*' scope: ALL } ";
  const auto refused =
      Update(absl::StrCat(named, granting, "field_groups: [PERSONAL, MONEY]"), key);
  EXPECT_EQ(refused.reason(), "PERMISSION_NOT_GRANTED");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(refused.metadata("field_group"), "MONEY");
  EXPECT_EQ(Create("display_name: 'Other' field_groups: MONEY", key).metadata("field_group"),
            "MONEY");
  EXPECT_EQ(Create("display_name: 'Other' field_groups: PERSONAL", key).reason(), "");
  const auto wider = Create("display_name: 'Wider' field_groups: MONEY");
  EXPECT_EQ(Update(absl::StrCat("name: '", wider->name(),
                                "' display_name: 'Wider' field_groups: [PERSONAL, MONEY]"),
                   key)
                .reason(),
            "")
      << "what it showed before stays";
  v1::DeleteRoleRequest remove;
  remove.set_name(wider->name());
  ASSERT_EQ(server_.Call(&Stub::DeleteRole, remove).reason(), "");
  v1::UndeleteRoleRequest undelete;
  undelete.set_name(wider->name());
  EXPECT_EQ(server_.CallWith(key, &Stub::UndeleteRole, undelete).metadata("field_group"), "MONEY");
}

}  // namespace
}  // namespace kith::roles
