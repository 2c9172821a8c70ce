// Who is told of approvals of deals, what they find, and that nobody's answer is one in the end,
// over the whole server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/deals/v1/pipelines_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "tests/services/notifications/notices_fixture.h"

namespace kith::notifications {
namespace {

using deals::v1::Deal;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using DealStub = deals::v1::DealsService::Stub;
using PipelineStub = deals::v1::PipelinesService::Stub;

constexpr char kNegotiation[] = "pipelines/default/stages/negotiation";

class ApprovalNoticesTest : public NoticesFixture {
 protected:
  // Ada sells, Ben leads the team that has to agree, Eve leads as well.
  ApprovalNoticesTest() {
    const std::string admin = "roles: 'roles/admin'";
    team_ = CreateTeam("Leads");
    ada_ = CreateUser("Ada", admin);
    ben_ = CreateUser("Ben", absl::StrCat(admin, " teams: '", team_, "'"));
    eve_ = CreateUser("Eve", absl::StrCat(admin, " teams: '", team_, "'"));
    key_of_ada_ = KeyOf(ada_);
    key_of_ben_ = KeyOf(ben_);
    deals::v1::UpdateStageRequest gate;
    gate.mutable_stage()->set_name(kNegotiation);
    auto& rule = *gate.mutable_stage()->mutable_gate()->mutable_approval();
    rule.add_approvers(team_);
    rule.add_approvers(ada_);
    rule.set_expire_hours(24);
    EXPECT_EQ(server_.Call(&PipelineStub::UpdateStage, gate).reason(), "");
    deals::v1::CreateDealRequest create;
    create.set_deal_id("aspen");
    create.mutable_deal()->set_display_name("Aspen");
    create.mutable_deal()->set_owner(ada_);
    EXPECT_EQ(server_.CallWith(key_of_ada_, &DealStub::CreateDeal, create).reason(), "");
  }

  template <class Request>
  std::string Do(const std::string& key,
                 grpc::Status (DealStub::*method)(grpc::ClientContext*, const Request&, Deal*),
                 const std::string& note = "") {
    Request request;
    request.set_name("deals/aspen");
    if constexpr (requires { request.note(); }) {
      request.set_stage(kNegotiation);
      request.set_note(note);
    }
    return server_.CallWith(key, method, request).reason();
  }
  // Has somebody who is named so agree, and nobody else.
  std::string SetApprover(const std::string& name) {
    deals::v1::UpdateStageRequest gate;
    gate.mutable_stage()->set_name(kNegotiation);
    gate.mutable_stage()->mutable_gate()->mutable_approval()->add_approvers(name);
    gate.mutable_update_mask()->add_paths("gate");
    return server_.Call(&PipelineStub::UpdateStage, gate).reason();
  }
  void SetRoles(const std::string& user, const std::vector<std::string>& roles) {
    users::v1::UpdateUserRequest request;
    request.mutable_user()->set_name(user);
    for (const std::string& role : roles) request.mutable_user()->add_roles(role);
    request.mutable_update_mask()->add_paths("roles");
    EXPECT_EQ(server_.Call(&users::v1::UsersService::Stub::UpdateUser, request).reason(), "");
  }
  std::string AskFor() { return Do(key_of_ada_, &DealStub::RequestStageApproval, "Please"); }
  Deal Get() {
    deals::v1::GetDealRequest request;
    request.set_name("deals/aspen");
    return server_.Call(&DealStub::GetDeal, request).response;
  }
  int CountFor(const std::string& approver) {
    deals::v1::ListDealsRequest request;
    request.set_filter(absl::StrCat("approver = \"", approver, "\""));
    const auto listed = server_.Call(&DealStub::ListDeals, request);
    EXPECT_EQ(listed.reason(), "");
    return listed->deals_size();
  }

  std::string team_, ada_, ben_, eve_, key_of_ada_, key_of_ben_;
};

TEST_F(ApprovalNoticesTest, TellsWhoMayAgreeAndThenWhoAsked) {
  ASSERT_EQ(AskFor(), "");
  Await(ben_, v1::APPROVAL, 1);
  Await(eve_, v1::APPROVAL, 1);
  EXPECT_THAT(Texts(ben_, v1::APPROVAL),
              ElementsAre("A deal waits for your approval to enter negotiation."));
  EXPECT_EQ(CountFor(team_), 1);
  EXPECT_EQ(CountFor(ben_), 0) << "the team was asked";
  EXPECT_EQ(Do(key_of_ada_, &DealStub::GrantStageApproval), "OWN_APPROVAL");
  EXPECT_EQ(Do(server_.secret(), &DealStub::GrantStageApproval), "NOT_AN_APPROVER");
  ASSERT_EQ(Do(key_of_ben_, &DealStub::RejectStageApproval, "Not yet."), "");
  Await(ada_, v1::APPROVAL, 1);
  EXPECT_EQ(CountFor(team_), 0);
  ASSERT_EQ(AskFor(), "");
  ASSERT_EQ(Do(key_of_ben_, &DealStub::GrantStageApproval, "Go."), "");
  Await(ada_, v1::APPROVAL, 2);
  EXPECT_THAT(Texts(ada_, v1::APPROVAL),
              ElementsAre("The approval for the deal Aspen to enter negotiation was rejected.",
                          "The approval for the deal Aspen to enter negotiation was granted."));
  EXPECT_EQ(Get().stage(), kNegotiation);
}

TEST_F(ApprovalNoticesTest, EndsWhatNobodyAnswered) {
  ASSERT_EQ(AskFor(), "");
  server_.clock().Advance(absl::Hours(23));
  AwaitRest();
  EXPECT_TRUE(Get().has_pending_approval());
  server_.clock().Advance(absl::Hours(1));
  Await(ada_, v1::APPROVAL, 1);
  EXPECT_FALSE(Get().has_pending_approval());
  EXPECT_EQ(Get().stage(), "pipelines/default/stages/new-lead");
  EXPECT_THAT(Texts(ada_, v1::APPROVAL),
              ElementsAre("The approval for the deal Aspen to enter negotiation has expired."));
  server_.Restart(/*new_views=*/true);
  AwaitRest();
  EXPECT_EQ(Told(ada_, v1::APPROVAL).size(), 1u);
}

TEST_F(ApprovalNoticesTest, WaitsForNothingThatWasWithdrawn) {
  ASSERT_EQ(AskFor(), "");
  Await(ben_, v1::APPROVAL, 1);
  ASSERT_EQ(Do(key_of_ada_, &DealStub::WithdrawStageApproval), "");
  server_.clock().Advance(absl::Hours(12));
  ASSERT_EQ(AskFor(), "") << "its day begins now";
  server_.clock().Advance(absl::Hours(13));
  AwaitRest();
  EXPECT_TRUE(Get().has_pending_approval());
  EXPECT_THAT(Texts(ada_, v1::APPROVAL), IsEmpty());
}

// Goal: a role is who has it when they answer, and is told to who has it when it is asked.
TEST_F(ApprovalNoticesTest, AsksWhoHasARole) {
  const std::string role = "roles/sales-manager";
  ASSERT_EQ(SetApprover(role), "");
  SetRoles(ben_, {"roles/admin", role});
  SetRoles(eve_, {"roles/admin", role});
  SetRoles(ben_, {"roles/admin"});
  ASSERT_EQ(AskFor(), "");
  Await(eve_, v1::APPROVAL, 1);
  AwaitRest();
  EXPECT_THAT(Told(ben_, v1::APPROVAL), IsEmpty()) << "it is his no more";
  EXPECT_EQ(CountFor(role), 1);
  EXPECT_EQ(CountFor(eve_), 0) << "the role was asked";
  // So who asks for themselves, their team and their role finds all that waits for them.
  deals::v1::ListDealsRequest all;
  all.set_filter(absl::StrCat("approver in (\"", eve_, "\", \"", team_, "\", \"", role, "\")"));
  EXPECT_EQ(server_.Call(&DealStub::ListDeals, all)->deals_size(), 1);
  EXPECT_EQ(Do(key_of_ben_, &DealStub::GrantStageApproval), "NOT_AN_APPROVER");
  SetRoles(ben_, {"roles/admin", role});
  SetRoles(eve_, {"roles/admin"});
  EXPECT_EQ(Do(KeyOf(eve_), &DealStub::GrantStageApproval), "NOT_AN_APPROVER");
  EXPECT_EQ(Do(key_of_ben_, &DealStub::GrantStageApproval), "");
  SetRoles(ben_, {"roles/admin"});
  EXPECT_EQ(Get().stage(), kNegotiation) << "what was agreed to stays so";
}

// Goal: who works with Kith no more is not asked, and a role of the workspace's own is one, too.
TEST_F(ApprovalNoticesTest, AsksWhoHasARoleOfTheWorkspace) {
  roles::v1::CreateRoleRequest make;
  make.mutable_role()->set_display_name("Deal desk");
  const std::string desk = server_.Call(&roles::v1::RolesService::Stub::CreateRole, make)->name();
  ASSERT_EQ(SetApprover("roles/nobody"), "LINKED_RECORD_NOT_FOUND");
  ASSERT_EQ(SetApprover(desk), "");
  SetRoles(ben_, {"roles/admin", desk});
  SetRoles(eve_, {"roles/admin", desk});
  users::v1::DeactivateUserRequest leave;
  leave.set_name(eve_);
  ASSERT_EQ(server_.Call(&users::v1::UsersService::Stub::DeactivateUser, leave).reason(), "");
  ASSERT_EQ(AskFor(), "");
  Await(ben_, v1::APPROVAL, 1);
  AwaitRest();
  EXPECT_THAT(Told(eve_, v1::APPROVAL), IsEmpty());
  EXPECT_EQ(Do(key_of_ben_, &DealStub::RejectStageApproval, "Not yet."), "");
}

// Goal: what was pending at a moment is told as of it for ever.
TEST_F(ApprovalNoticesTest, KeepsWhatWasPendingInThePast) {
  deals::v1::RequestStageApprovalRequest ask;
  ask.set_name("deals/aspen");
  ask.set_stage(kNegotiation);
  const auto asked = server_.CallWith(key_of_ada_, &DealStub::RequestStageApproval, ask);
  ASSERT_EQ(asked.reason(), "");
  ASSERT_EQ(Do(key_of_ben_, &DealStub::GrantStageApproval), "");
  deals::v1::ListDealsRequest request;
  request.set_filter(absl::StrCat("approver = \"", team_, "\""));
  request.mutable_read()->set_token(asked.token);
  EXPECT_EQ(server_.Call(&DealStub::ListDeals, request)->deals_size(), 1);
  EXPECT_EQ(CountFor(team_), 0);
}

}  // namespace
}  // namespace kith::notifications
