// Users over gRPC, against a whole server over a log in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/users/v1/users_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::users {
namespace {

using ::kith::testing::Proto;
using ::kith::testing::Reply;
using Stub = v1::UsersService::Stub;

class UsersServiceTest : public ::testing::Test {
 protected:
  Reply<v1::User> Create(absl::string_view user) {
    v1::CreateUserRequest request;
    *request.mutable_user() = Proto<v1::User>(user);
    return server_.Call(&Stub::CreateUser, request);
  }
  Reply<v1::User> Get(const std::string& name) {
    v1::GetUserRequest request;
    request.set_name(name);
    return server_.Call(&Stub::GetUser, request);
  }

  testing::TestServer server_;
};

TEST_F(UsersServiceTest, LeadsAUserThroughItsLife) {
  const auto created = Create(R"pb(display_name: "Moses Frase" office: "Central")pb");
  ASSERT_EQ(created.reason(), "");
  EXPECT_EQ(Get(created->name())->SerializeAsString(), created->SerializeAsString());

  v1::UpdateUserRequest update;
  update.mutable_user()->set_name(created->name());
  update.mutable_user()->set_office("West");
  const auto updated = server_.Call(&Stub::UpdateUser, update);
  ASSERT_EQ(updated.reason(), "");
  EXPECT_EQ(updated->office(), "West");
  EXPECT_EQ(updated->display_name(), "Moses Frase");
  EXPECT_EQ(updated->etag(), "2");

  v1::ListUsersRequest list;
  list.set_filter(R"(office = "west")");
  const auto listed = server_.Call(&Stub::ListUsers, list);
  ASSERT_EQ(listed->users_size(), 1);
  EXPECT_EQ(listed->users(0).name(), created->name());

  v1::DeleteUserRequest remove;
  remove.set_name(created->name());
  EXPECT_EQ(server_.Call(&Stub::DeleteUser, remove).reason(), "");
  EXPECT_EQ(Get(created->name()).reason(), "USER_NOT_FOUND");
}

TEST_F(UsersServiceTest, BringsADeletedUserBack) {
  const std::string moses = Create(R"pb(display_name: "Moses Frase")pb")->name();
  const std::string anna = Create(R"pb(display_name: "Anna Snelling")pb")->name();
  v1::DeleteUserRequest remove;
  for (const std::string& name : {moses, anna}) {
    server_.clock().Advance(absl::Hours(24));
    remove.set_name(name);
    EXPECT_EQ(server_.Call(&Stub::DeleteUser, remove).reason(), "");
  }
  const auto deleted = [&] {
    std::vector<std::string> names;
    const auto listed = server_.Call(&Stub::ListDeletedUsers, v1::ListDeletedUsersRequest());
    EXPECT_EQ(listed->next_page_token(), "");
    for (const v1::User& user : listed->users()) names.push_back(user.display_name());
    return names;
  };
  EXPECT_THAT(deleted(), ::testing::ElementsAre("Anna Snelling", "Moses Frase"));

  v1::UndeleteUserRequest undelete;
  undelete.set_name(anna);
  const auto back = server_.Call(&Stub::UndeleteUser, undelete);
  EXPECT_EQ(back.reason(), "");
  EXPECT_EQ(back->display_name(), "Anna Snelling");
  EXPECT_FALSE(back->has_delete_time());
  EXPECT_EQ(Get(anna)->SerializeAsString(), back->SerializeAsString());
  EXPECT_THAT(deleted(), ::testing::ElementsAre("Moses Frase"));
  // After 30 days nobody is reminded of it.
  server_.clock().Advance(absl::Hours(24 * 29 - 1));
  EXPECT_THAT(deleted(), ::testing::ElementsAre("Moses Frase"));
  server_.clock().Advance(absl::Hours(2));
  EXPECT_THAT(deleted(), ::testing::IsEmpty());
}

TEST_F(UsersServiceTest, RefusesAUserWithoutAName) {
  const auto refused = Create(R"pb(office: "Central" email: "nowhere")pb");
  EXPECT_EQ(refused.reason(), "INVALID_FIELD");
  EXPECT_EQ(refused.fields().size(), 2u);
}

}  // namespace
}  // namespace kith::users
