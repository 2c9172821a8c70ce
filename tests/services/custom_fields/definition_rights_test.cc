// Who may say which fields there are: that is everybody's, and nobody's own.
#include <gtest/gtest.h>

#include "kith/custom_fields/v1/custom_fields_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/test_server.h"

namespace kith::custom_fields {
namespace {

using Stub = v1::CustomFieldsService::Stub;

class DefinitionRights : public ::testing::Test {
 protected:
  // The secret of a user's key, whose role grants this.
  std::string KeyOf(roles::v1::AccessScope scope) {
    roles::v1::CreateRoleRequest role;
    role.mutable_role()->set_display_name("Definer");
    auto& grant = *role.mutable_role()->add_grants();
    grant.set_permission("custom_fields.write");
    grant.set_scope(scope);
    users::v1::CreateUserRequest user;
    user.mutable_user()->set_display_name("Dee");
    user.mutable_user()->add_roles(
        server_.Call(&roles::v1::RolesService::Stub::CreateRole, role)->name());
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Dee's");
    key.mutable_api_key()->set_user(
        server_.Call(&users::v1::UsersService::Stub::CreateUser, user)->name());
    key.mutable_api_key()->add_permissions("*");
    return server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
  }
  v1::CreateCustomFieldRequest Definition(const std::string& key) {
    v1::CreateCustomFieldRequest request;
    request.mutable_custom_field()->set_display_name("Tier");
    request.mutable_custom_field()->set_resource("deals");
    request.mutable_custom_field()->set_key(key);
    request.mutable_custom_field()->set_type(v1::TEXT);
    return request;
  }

  testing::TestServer server_;
};

TEST_F(DefinitionRights, AreOfTheScopeAllOnly) {
  for (const auto scope : {roles::v1::OWN, roles::v1::TEAM}) {
    EXPECT_EQ(server_.CallWith(KeyOf(scope), &Stub::CreateCustomField, Definition("tier")).reason(),
              "PERMISSION_DENIED");
  }
  const std::string all = KeyOf(roles::v1::ALL);
  EXPECT_EQ(server_.CallWith(all, &Stub::CreateCustomField, Definition("tier")).reason(), "");
}

TEST_F(DefinitionRights, AreUsedByManyItemsOfABatchAtOnce) {
  v1::BatchCreateCustomFieldsRequest batch;
  batch.set_return_partial_success(true);
  constexpr int kItems = 60;
  for (int i = 0; i < kItems; ++i) *batch.add_requests() = Definition(absl::StrCat("tier", i));
  const auto made = server_.Call(&Stub::BatchCreateCustomFields, batch);
  EXPECT_EQ(made.reason(), "");
  EXPECT_EQ(made->custom_fields_size(), kItems);
  EXPECT_TRUE(made->failed_requests().empty());
}

TEST_F(DefinitionRights, HaveKeysThatJsonCanTell) {
  for (const char* const key : {"a_1", "a__b", "a_", "1a"}) {
    EXPECT_EQ(server_.Call(&Stub::CreateCustomField, Definition(key)).reason(), "INVALID_FIELD")
        << key;
  }
  EXPECT_EQ(server_.Call(&Stub::CreateCustomField, Definition("a1_b")).reason(), "");
}

}  // namespace
}  // namespace kith::custom_fields
