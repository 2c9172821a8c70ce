// Teams over gRPC: what is their own. What every resource does is asked in tests/conformance.
#include <gtest/gtest.h>

#include "kith/teams/v1/teams_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::teams {
namespace {

using Stub = v1::TeamsService::Stub;
using users::v1::UsersService;

class TeamsServiceTest : public ::testing::Test {
 protected:
  std::string Create(absl::string_view display_name, absl::string_view parent = "") {
    v1::CreateTeamRequest request;
    request.mutable_team()->set_display_name(std::string(display_name));
    request.mutable_team()->set_parent(std::string(parent));
    const auto created = server_.Call(&Stub::CreateTeam, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  testing::Reply<users::v1::User> CreateUser(const std::vector<std::string>& teams) {
    users::v1::CreateUserRequest request;
    request.mutable_user()->set_display_name("Marta Velasquez");
    for (const std::string& team : teams) request.mutable_user()->add_teams(team);
    return server_.Call(&UsersService::Stub::CreateUser, request);
  }

  testing::TestServer server_;
};

TEST_F(TeamsServiceTest, FindsThoseWithinATeam) {
  const std::string sales = Create("Sales");
  const std::string west = Create("Sales West", sales);
  Create("Support");
  v1::ListTeamsRequest list;
  list.set_filter(absl::StrCat("parent = \"", sales, "\""));
  const auto listed = server_.Call(&Stub::ListTeams, list);
  ASSERT_EQ(listed->teams_size(), 1) << listed.reason();
  EXPECT_EQ(listed->teams(0).name(), west);
}

TEST_F(TeamsServiceTest, HasTheUsersThatSaySo) {
  const std::string west = Create("West");
  const std::string key_accounts = Create("Key accounts");
  const auto marta = CreateUser({west, key_accounts});
  ASSERT_EQ(marta.reason(), "");
  CreateUser({west});
  for (const auto& [team, count] : {std::pair(west, 2), std::pair(key_accounts, 1)}) {
    users::v1::ListUsersRequest list;
    list.set_filter(absl::StrCat("teams = \"", team, "\""));
    EXPECT_EQ(server_.Call(&UsersService::Stub::ListUsers, list)->users_size(), count);
  }
}

TEST_F(TeamsServiceTest, HasAUserOnceAndOnlyWhereItIsThere) {
  const std::string west = Create("West");
  const auto twice = CreateUser({west, west});
  EXPECT_EQ(twice.reason(), "INVALID_FIELD");
  EXPECT_EQ(twice.fields(), std::vector<std::string>{"user.teams[1]"});
  EXPECT_EQ(CreateUser({"teams/01J00000000000000000000000"}).reason(), "LINKED_RECORD_NOT_FOUND");
}

}  // namespace
}  // namespace kith::teams
