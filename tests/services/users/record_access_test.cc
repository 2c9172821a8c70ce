// Who could see a record, and why, over gRPC.
#include "services/users/record_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/teams/v1/teams_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::users {
namespace {

using deals::v1::DealsService;
using testing::Reply;
using ::testing::UnorderedElementsAre;

class RecordAccessTest : public ::testing::Test {
 protected:
  std::string CreateTeam(const std::string& parent = "") {
    teams::v1::CreateTeamRequest request;
    request.mutable_team()->set_display_name("North");
    request.mutable_team()->set_parent(parent);
    return server_.Call(&teams::v1::TeamsService::Stub::CreateTeam, request)->name();
  }
  std::string CreateUser(const std::string& role, const std::string& team = "") {
    v1::CreateUserRequest request;
    request.mutable_user()->set_display_name("Marta");
    if (!role.empty()) request.mutable_user()->add_roles(role);
    if (!team.empty()) request.mutable_user()->add_teams(team);
    return server_.Call(&v1::UsersService::Stub::CreateUser, request)->name();
  }
  std::string KeyOf(const std::string& user) {
    workspaces::v1::CreateApiKeyRequest request;
    request.mutable_api_key()->set_display_name("Marta's");
    request.mutable_api_key()->set_user(user);
    request.mutable_api_key()->add_permissions("*");
    return server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, request)->secret();
  }
  void Change(const deals::v1::Deal& deal, const std::string& field) {
    deals::v1::UpdateDealRequest request;
    *request.mutable_deal() = deal;
    request.mutable_update_mask()->add_paths(field);
    EXPECT_EQ(server_.Call(&DealsService::Stub::UpdateDeal, request).reason(), "");
  }
  Reply<v1::RecordAccess> Ask(const std::string& name, const std::string& key,
                              const std::string& as_of = "") {
    v1::QueryRecordAccessRequest request;
    request.set_name(name);
    if (!as_of.empty()) request.mutable_read()->set_token(as_of);
    return server_.CallWith(key, &v1::UsersService::Stub::QueryRecordAccess, request);
  }
  // "SHARED deals.read teams/…", of one user.
  static std::set<std::string> Why(const v1::RecordAccess& access, const std::string& user) {
    std::set<std::string> why;
    for (const v1::UserRecordAccess& each : access.users()) {
      if (each.user() != user) continue;
      for (const v1::AccessReason& reason : each.reasons()) {
        why.insert(absl::StrCat(v1::AccessWay_Name(reason.way()), " ", reason.permission(),
                                reason.through().empty() ? "" : " ", reason.through()));
      }
    }
    return why;
  }

  testing::TestServer server_;
};

// Goal: it tells whom the record's own Get method answers, and why. Method: every user is asked for
// with a key of theirs.
TEST_F(RecordAccessTest, TellsWhoCouldSeeItAndWhy) {
  const std::string sales = CreateTeam();
  const std::string north = CreateTeam(sales);
  const std::string south = CreateTeam();
  const std::string owner = CreateUser("roles/sales-rep", north);
  const std::string colleague = CreateUser("roles/sales-rep", north);
  const std::string head = CreateUser("roles/sales-manager", sales);
  const std::string of_south = CreateUser("roles/sales-rep", south);
  const std::string viewer = CreateUser("roles/sales-rep");
  const std::string stranger = CreateUser("roles/sales-rep");
  const std::string without_role = CreateUser("");
  const std::string auditor = CreateUser("roles/auditor");
  deals::v1::CreateDealRequest create;
  create.mutable_deal()->set_display_name("Crane");
  create.mutable_deal()->set_owner(owner);
  create.mutable_deal()->add_viewers(viewer);
  create.mutable_deal()->add_viewers(without_role);
  create.mutable_deal()->add_editors(south);
  const auto deal = server_.Call(&DealsService::Stub::CreateDeal, create);
  ASSERT_EQ(deal.reason(), "");
  const std::string& name = deal->name();

  const auto told = Ask(name, server_.secret());
  ASSERT_EQ(told.reason(), "");
  EXPECT_EQ(told->owner(), owner);
  EXPECT_THAT(Why(told.response, owner),
              UnorderedElementsAre("OWNS deals.read", "OWNS deals.write"));
  EXPECT_THAT(Why(told.response, colleague),
              UnorderedElementsAre("TEAM_OF_OWNER deals.read " + north));
  EXPECT_THAT(Why(told.response, head), UnorderedElementsAre("TEAM_OF_OWNER deals.read " + north,
                                                             "TEAM_OF_OWNER deals.write " + north));
  EXPECT_THAT(Why(told.response, of_south),
              UnorderedElementsAre("SHARED deals.read " + south, "SHARED deals.write " + south));
  EXPECT_THAT(Why(told.response, viewer), UnorderedElementsAre("SHARED deals.read " + viewer));
  EXPECT_THAT(Why(told.response, auditor), UnorderedElementsAre("ALL_RECORDS deals.read"));
  std::map<std::string, bool> may_change;
  for (const v1::UserRecordAccess& each : told->users())
    may_change[each.user()] = each.may_change();
  for (const std::string& user :
       {owner, colleague, head, of_south, viewer, stranger, without_role, auditor}) {
    const std::string key = KeyOf(user);
    deals::v1::GetDealRequest get;
    get.set_name(name);
    const bool sees = server_.CallWith(key, &DealsService::Stub::GetDeal, get).ok();
    EXPECT_EQ(sees, may_change.contains(user)) << user;
    deals::v1::UpdateDealRequest update;
    update.mutable_deal()->set_name(name);
    update.mutable_deal()->set_next_step(user);
    const bool changes = server_.CallWith(key, &DealsService::Stub::UpdateDeal, update).ok();
    EXPECT_EQ(changes, sees && may_change[user]) << user;
  }
  EXPECT_EQ(Ask(name, KeyOf(stranger)).reason(), "DEAL_NOT_FOUND") << "as the deal itself";
}

TEST_F(RecordAccessTest, TellsItAsOfThen) {
  const std::string team = CreateTeam();
  const std::string owner = CreateUser("roles/sales-rep", team);
  const std::string colleague = CreateUser("roles/sales-rep", team);
  deals::v1::CreateDealRequest create;
  create.mutable_deal()->set_display_name("Crane");
  create.mutable_deal()->set_owner(owner);
  const auto deal = server_.Call(&DealsService::Stub::CreateDeal, create);
  const std::string then = Ask(deal->name(), server_.secret()).token;
  deals::v1::Deal nobodys = deal.response;
  nobodys.clear_owner();
  Change(nobodys, "owner");
  v1::UpdateUserRequest leaving;
  leaving.mutable_user()->set_name(colleague);
  leaving.mutable_update_mask()->add_paths("teams");
  ASSERT_EQ(server_.Call(&v1::UsersService::Stub::UpdateUser, leaving).reason(), "");
  const auto now = Ask(deal->name(), server_.secret());
  EXPECT_EQ(now->owner(), "");
  EXPECT_THAT(Why(now.response, owner), UnorderedElementsAre("NOBODYS deals.read"));
  const auto before = Ask(deal->name(), server_.secret(), then);
  EXPECT_EQ(before->owner(), owner);
  EXPECT_THAT(Why(before.response, colleague),
              UnorderedElementsAre("TEAM_OF_OWNER deals.read " + team));
}

TEST_F(RecordAccessTest, IsOfRecordsWithOwnersThatAreThere) {
  for (const char* const name :
       {"users/nobody", "nothing", "interactions/x", "pipelines/default"}) {
    EXPECT_EQ(Ask(name, server_.secret()).reason(), "INVALID_FIELD") << name;
  }
  EXPECT_EQ(Ask("deals/none", server_.secret()).reason(), "DEAL_NOT_FOUND");
}

TEST(AddKey, TellsServicesThatCanSeeTheRecord) {
  const RecordShares deal{"deals.read", "deals.write", "users/ada", {}, {}};
  const absl::Time now = absl::FromUnixSeconds(1'000);
  v1::RecordAccess access;
  const auto add = [&](const std::string& key) {
    AddKey(deal, testing::Proto<workspaces::v1::ApiKey>(key), now, access);
  };
  add("name: 'apiKeys/1' display_name: 'Site' permissions: '*.read'");
  add("name: 'apiKeys/2' permissions: 'deals.*' permissions: 'contacts.read'");
  add("name: 'apiKeys/3' permissions: 'deals.write'");  // it sees none
  add("name: 'apiKeys/4' permissions: '*' revoked: true");
  add("name: 'apiKeys/5' permissions: '*' expire_time { seconds: 1000 }");
  add("name: 'apiKeys/6' permissions: '*' user: 'users/ada'");
  ASSERT_EQ(access.keys_size(), 2);
  EXPECT_EQ(access.keys(0).display_name(), "Site");
  EXPECT_FALSE(access.keys(0).may_change());
  EXPECT_EQ(access.keys(1).api_key(), "apiKeys/2");
  EXPECT_TRUE(access.keys(1).may_change());
  EXPECT_EQ(access.keys(1).permissions_size(), 1);
}

}  // namespace
}  // namespace kith::users
