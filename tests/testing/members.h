// Users of a TestServer, with roles and keys.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::testing {

// The name of a role with these fields, as text.
inline std::string AddRole(const TestServer& server, const std::string& fields) {
  roles::v1::CreateRoleRequest request;
  *request.mutable_role() = Proto<roles::v1::Role>(fields);
  const auto created = server.Call(&roles::v1::RolesService::Stub::CreateRole, request);
  EXPECT_EQ(created.reason(), "");
  return created->name();
}

// The name of a user with this role.
inline std::string AddUser(const TestServer& server, const std::string& display_name,
                           const std::string& role) {
  users::v1::CreateUserRequest request;
  request.mutable_user()->set_display_name(display_name);
  request.mutable_user()->add_roles(role);
  const auto created = server.Call(&users::v1::UsersService::Stub::CreateUser, request);
  EXPECT_EQ(created.reason(), "");
  return created->name();
}

struct Member {
  std::string name;    // of the user
  std::string secret;  // of a key with which they may do all that they may
};

inline Member AddMember(const TestServer& server, const std::string& display_name,
                        const std::string& role) {
  Member member{AddUser(server, display_name, role), ""};
  workspaces::v1::CreateApiKeyRequest request;
  request.mutable_api_key()->set_display_name(absl::StrCat(display_name, "'s"));
  request.mutable_api_key()->set_user(member.name);
  request.mutable_api_key()->add_permissions("*");
  const auto created = server.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, request);
  EXPECT_EQ(created.reason(), "");
  member.secret = created->secret();
  return member;
}

}  // namespace kith::testing
