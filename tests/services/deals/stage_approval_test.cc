#include "services/deals/stage_approval.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/services/deals/deal_world.h"

namespace kith::deals {
namespace {

constexpr char kAda[] = "users/ada";
constexpr char kBen[] = "users/ben";
constexpr char kLeads[] = "teams/leads";

v1::RequestStageApprovalRequest Ask(const std::string& stage) {
  v1::RequestStageApprovalRequest command;
  command.set_name(kDeal);
  command.set_stage(StageNamed(stage));
  command.set_note("They want it now.");
  return command;
}

v1::GrantStageApprovalRequest Grant(const std::string& stage) {
  v1::GrantStageApprovalRequest command;
  command.set_name(kDeal);
  command.set_stage(StageNamed(stage));
  return command;
}

v1::RejectStageApprovalRequest RejectIt(const std::string& stage) {
  v1::RejectStageApprovalRequest command;
  command.set_name(kDeal);
  command.set_stage(StageNamed(stage));
  command.set_note("Too early.");
  return command;
}

v1::WithdrawStageApprovalRequest Withdraw() {
  v1::WithdrawStageApprovalRequest command;
  command.set_name(kDeal);
  return command;
}

v1::ExpireStageApprovalRequest Expire(const v1::Deal& deal) {
  v1::ExpireStageApprovalRequest command;
  command.set_name(kDeal);
  *command.mutable_expire_time() = deal.pending_approval().expire_time();
  return command;
}

// A deal in the first stage; who is in the team may let it into "negotiation", within a day.
DealWorld WithApproval(const std::string& more = "") {
  DealWorld world = WithPipeline().With(kAda).With(kBen).With(kLeads).Do(Create());
  world.Do(Gate("negotiation",
                absl::StrCat("approval { approvers: '", kLeads, "' expire_hours: 24 } ", more)));
  return world.As(kAda);
}

TEST(StageApproval, IsAskedForAndGrantedInOneAppend) {
  DealWorld world = WithApproval();
  EXPECT_EQ(OutcomeOf(world.Try(Move(StageNamed("negotiation")))), "STAGE_GATE_REJECTED");
  world.Do(Ask("negotiation"));
  const v1::StageApproval pending = world.deal().pending_approval();
  EXPECT_EQ(world.deal().stage(), StageNamed("new-lead"));
  EXPECT_EQ(pending.stage(), StageNamed("negotiation"));
  EXPECT_EQ(pending.requester(), kAda);
  EXPECT_EQ(pending.note(), "They want it now.");
  EXPECT_EQ(pending.approvers(0), kLeads);
  EXPECT_EQ(pending.expire_time().seconds() - pending.request_time().seconds(), 86'400);

  const Decision granted = world.As(kBen, {kLeads}).Try(Grant("negotiation"));
  ASSERT_TRUE(granted.ok()) << granted.status();
  ASSERT_EQ(granted->list().size(), 2u);
  world.Happen(*granted);
  EXPECT_EQ(world.deal().stage(), StageNamed("negotiation"));
  EXPECT_FALSE(world.deal().has_pending_approval());
  EXPECT_EQ(OutcomeOf(world.Try(Grant("negotiation"))), "NO_APPROVAL_PENDING");
}

// Goal: whoever may answer by a role does, and the history says by which.
TEST(StageApproval, IsGivenByWhoHasARole) {
  DealWorld world = WithPipeline().With("roles/desk").With(kBen).Do(Create());
  world.Do(Gate("negotiation", "approval { approvers: 'roles/desk' approvers: 'users/ben' }"));
  world.As(kAda).Do(Ask("negotiation"));
  EXPECT_EQ(OutcomeOf(world.As("users/eve", {"roles/other"}).Try(Grant("negotiation"))),
            "NOT_AN_APPROVER");
  const auto named_as = [&](const std::string& user, std::vector<std::string> groups) {
    const Decision granted = world.As(user, std::move(groups)).Try(Grant("negotiation"));
    EXPECT_TRUE(granted.ok()) << granted.status();
    if (!granted.ok()) return std::string();
    const auto& event = static_cast<const v1::DealEvent&>(*granted->list()[0].event);
    EXPECT_EQ(event.stage_approval_granted().approver(), user);
    return event.stage_approval_granted().named_as();
  };
  EXPECT_EQ(named_as("users/eve", {"roles/desk"}), "roles/desk");
  EXPECT_EQ(named_as(kBen, {}), kBen);
}

TEST(StageApproval, IsGivenByNobodyElse) {
  DealWorld world = WithApproval().Do(Ask("negotiation"));
  EXPECT_EQ(OutcomeOf(world.As(kBen).Try(Grant("negotiation"))), "NOT_AN_APPROVER");
  EXPECT_EQ(OutcomeOf(world.As("").Try(Grant("negotiation"))), "NOT_AN_APPROVER");
  EXPECT_EQ(OutcomeOf(world.As(kBen, {"teams/others"}).Try(RejectIt("negotiation"))),
            "NOT_AN_APPROVER");
  EXPECT_EQ(OutcomeOf(world.As(kAda, {kLeads}).Try(Grant("negotiation"))), "OWN_APPROVAL");
  EXPECT_EQ(OutcomeOf(world.As(kAda, {kLeads}).Try(RejectIt("negotiation"))), "OWN_APPROVAL");
  EXPECT_EQ(OutcomeOf(world.As(kBen, {kLeads}).Try(Grant("qualified"))), "NO_APPROVAL_PENDING");
}

TEST(StageApproval, IsOneAtATime) {
  DealWorld world = WithApproval().Do(Ask("negotiation"));
  EXPECT_EQ(OutcomeOf(world.Try(Ask("negotiation"))), "nothing") << "a repeat";
  EXPECT_EQ(OutcomeOf(world.As(kBen).Try(Ask("negotiation"))), "APPROVAL_PENDING");
  world.Do(Withdraw());
  EXPECT_FALSE(world.deal().has_pending_approval());
  EXPECT_EQ(OutcomeOf(world.Try(Withdraw())), "nothing") << "a repeat";
  EXPECT_EQ(OutcomeOf(world.Try(Ask("negotiation"))), "events");
}

TEST(StageApproval, IsNotWithdrawnWhenItWasAnswered) {
  DealWorld world = WithApproval();
  EXPECT_EQ(OutcomeOf(world.Try(Withdraw())), "NO_APPROVAL_PENDING") << "nobody asked";
  world.Do(Ask("negotiation")).As(kBen, {kLeads}).Do(Grant("negotiation"));
  EXPECT_EQ(OutcomeOf(world.As(kAda).Try(Withdraw())), "NO_APPROVAL_PENDING");
  world.Do(Move(StageNamed("new-lead"))).Do(Ask("negotiation")).Do(Withdraw());
  world.Do(Ask("negotiation")).As(kBen, {kLeads}).Do(RejectIt("negotiation"));
  EXPECT_EQ(OutcomeOf(world.As(kAda).Try(Withdraw())), "NO_APPROVAL_PENDING");
}

// Goal: four eyes are those of two people, and whose a service's are nobody knows.
TEST(StageApproval, IsAskedForByAUser) {
  DealWorld world = WithApproval();
  EXPECT_EQ(OutcomeOf(world.As("").Try(Ask("negotiation"))), "REQUESTER_UNKNOWN");
  // As it was recorded before.
  v1::DealEvent event;
  event.mutable_stage_approval_requested()->set_name(kDeal);
  event.mutable_stage_approval_requested()->mutable_approval()->set_stage(
      StageNamed("negotiation"));
  world.Happen(event);
  EXPECT_EQ(OutcomeOf(world.As(kBen, {kLeads}).Try(Grant("negotiation"))), "REQUESTER_UNKNOWN");
  EXPECT_EQ(OutcomeOf(world.Try(Withdraw())), "events");
}

// Goal: nobody agrees to what they have not seen.
TEST(StageApproval, IsOfTheAmountThatWasAskedFor) {
  DealWorld world = WithApproval().Do(Ask("negotiation"));
  EXPECT_EQ(world.deal().pending_approval().amount().units(), 1200);
  v1::UpdateDealRequest more;
  more.mutable_deal()->set_name(kDeal);
  *more.mutable_deal()->mutable_amount() = Euros(120'000);
  world.Do(more).As(kBen, {kLeads});
  EXPECT_EQ(OutcomeOf(world.Try(Grant("negotiation"))), "AMOUNT_CHANGED");
  EXPECT_EQ(OutcomeOf(world.Try(RejectIt("negotiation"))), "events");
  v1::GrantStageApprovalRequest seen = Grant("negotiation");
  seen.set_etag(world.deal().etag());
  EXPECT_EQ(OutcomeOf(world.Try(seen)), "events");
  *more.mutable_deal()->mutable_amount() = Euros(1200);
  EXPECT_EQ(OutcomeOf(world.Do(more).Try(Grant("negotiation"))), "events") << "as it was";
}

TEST(StageApproval, IsRejectedWithANote) {
  DealWorld world = WithApproval().Do(Ask("negotiation")).As(kBen, {kLeads});
  const Decision rejected = world.Try(RejectIt("negotiation"));
  ASSERT_TRUE(rejected.ok()) << rejected.status();
  const auto& event = static_cast<const v1::DealEvent&>(*rejected->list()[0].event);
  EXPECT_EQ(event.stage_approval_rejected().approver(), kBen);
  EXPECT_EQ(event.stage_approval_rejected().note(), "Too early.");
  world.Happen(*rejected);
  EXPECT_FALSE(world.deal().has_pending_approval());
  EXPECT_EQ(world.deal().stage(), StageNamed("new-lead"));
}

TEST(StageApproval, IsNotPendingWhenItsTimeHasCome) {
  DealWorld world = WithApproval().Do(Ask("negotiation"));
  const absl::Time ends = FromTimestamp(world.deal().pending_approval().expire_time());
  world.SetNow(ends - absl::Seconds(1));
  EXPECT_EQ(OutcomeOf(world.Try(Expire(world.deal()))), "nothing");
  EXPECT_EQ(OutcomeOf(world.As(kBen, {kLeads}).Try(Grant("negotiation"))), "events");
  world.SetNow(ends);
  EXPECT_EQ(OutcomeOf(world.Try(Grant("negotiation"))), "NO_APPROVAL_PENDING");
  const v1::ExpireStageApprovalRequest expire = Expire(world.deal());
  world.Do(expire);
  EXPECT_FALSE(world.deal().has_pending_approval());
  EXPECT_EQ(OutcomeOf(world.Try(expire)), "nothing");
}

// Goal: what happens to the deal meanwhile counts.
TEST(StageApproval, AsksTheGateAgainWhenItIsGranted) {
  DealWorld world = WithApproval("required_to_enter: 'amount'").Do(Ask("negotiation"));
  v1::UpdateDealRequest empty;
  empty.mutable_deal()->set_name(kDeal);
  empty.mutable_update_mask()->add_paths("amount");
  world.Do(empty);
  EXPECT_TRUE(world.deal().has_pending_approval());
  EXPECT_EQ(OutcomeOf(world.As(kBen, {kLeads}).Try(Grant("negotiation"))), "STAGE_GATE_REJECTED");
  EXPECT_EQ(OutcomeOf(world.As(kAda).Do(Withdraw()).Try(Ask("negotiation"))), "STAGE_GATE_REJECTED")
      << "and first when it is asked for";
}

TEST(StageApproval, IsGoneWhenTheDealMoves) {
  DealWorld world = WithApproval().Do(Ask("negotiation")).Do(Move(StageNamed("qualified")));
  EXPECT_FALSE(world.deal().has_pending_approval());
  world.Do(Ask("negotiation")).Do(Lose());
  EXPECT_FALSE(world.deal().has_pending_approval());
  EXPECT_EQ(OutcomeOf(world.As(kBen, {kLeads}).Try(Grant("negotiation"))), "NO_APPROVAL_PENDING");
  EXPECT_EQ(OutcomeOf(world.Try(Ask("negotiation"))), "DEAL_CLOSED");
}

TEST(StageApproval, IsGivenByThoseWhomTheGateNamesNow) {
  DealWorld world = WithApproval().Do(Ask("negotiation"));
  world.Do(Gate("negotiation", "approval { approvers: 'users/ben' }"));
  EXPECT_EQ(OutcomeOf(world.As("users/eve", {kLeads}).Try(Grant("negotiation"))),
            "NOT_AN_APPROVER");
  EXPECT_EQ(OutcomeOf(world.As(kBen).Try(Grant("negotiation"))), "events");
  v1::UpdateStageRequest none = Gate("negotiation", "");
  none.mutable_stage()->clear_gate();
  world.Do(none);
  EXPECT_EQ(OutcomeOf(world.As("users/eve", {kLeads}).Try(Grant("negotiation"))), "events");
}

TEST(StageApproval, LetsADealBeWon) {
  DealWorld world = WithPipeline().With(kBen).Do(Create());
  world.Do(Gate("closed-won", "approval { approvers: 'users/ben' }")).As(kAda);
  EXPECT_EQ(OutcomeOf(world.Try(Win())), "STAGE_GATE_REJECTED");
  world.Do(Ask("closed-won")).As(kBen).Do(Grant("closed-won"));
  EXPECT_EQ(world.deal().status(), v1::WON);
  EXPECT_EQ(world.deal().stage(), StageNamed("closed-won"));
}

TEST(StageApproval, IsNotNeededElsewhere) {
  DealWorld world = WithApproval();
  EXPECT_EQ(OutcomeOf(world.Try(Ask("qualified"))), "APPROVAL_NOT_NEEDED");
  EXPECT_EQ(OutcomeOf(world.Try(Ask("closed-lost"))), "STAGE_NOT_OPEN");
  EXPECT_EQ(OutcomeOf(world.Try(Ask("what"))), "STAGE_NOT_FOUND");
}

TEST(StageApproval, IsNotAskedOfTheFirstStageOfNewDeals) {
  DealWorld world = WithPipeline().With(kBen);
  world.Do(Gate("new-lead", "approval { approvers: 'users/ben' }"));
  world.Do(Create()).Do(Move(StageNamed("contacted")));
  EXPECT_EQ(OutcomeOf(world.Try(Move(StageNamed("new-lead")))), "STAGE_GATE_REJECTED");
}

}  // namespace
}  // namespace kith::deals
