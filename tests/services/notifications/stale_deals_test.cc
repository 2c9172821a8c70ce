// When a deal is said to be stale, and who is told, over the whole server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/deals/v1/pipelines_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/policies/v1/policies_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "tests/services/notifications/notices_fixture.h"

namespace kith::notifications {
namespace {

using deals::v1::DealsService;
using deals::v1::PipelinesService;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::Duration kDay = absl::Hours(24);

class StaleDealsTest : public NoticesFixture {
 protected:
  static std::string StageNamed(absl::string_view id) {
    return absl::StrCat("pipelines/default/stages/", id);
  }
  // So many days, with the settings of everything else as they are.
  void SetRotDays(absl::string_view stage, int days) {
    deals::v1::UpdateStageRequest request;
    request.mutable_stage()->set_name(StageNamed(stage));
    request.mutable_stage()->set_rot_days(days);
    request.mutable_update_mask()->add_paths("rot_days");
    EXPECT_EQ(server_.Call(&PipelinesService::Stub::UpdateStage, request).reason(), "");
  }
  std::string CreateDeal(const std::string& owner, const std::string& more = "") {
    deals::v1::CreateDealRequest request;
    *request.mutable_deal() = testing::Proto<deals::v1::Deal>(more);
    request.mutable_deal()->set_display_name("Aspen");
    request.mutable_deal()->set_owner(owner);
    const auto created = server_.Call(&DealsService::Stub::CreateDeal, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  void Move(const std::string& deal, absl::string_view stage) {
    deals::v1::MoveDealRequest request;
    request.set_name(deal);
    request.set_stage(StageNamed(stage));
    EXPECT_EQ(server_.Call(&DealsService::Stub::MoveDeal, request).reason(), "");
  }
  void Call(const std::string& deal) {
    interactions::v1::RecordInteractionRequest request;
    request.set_parent(deal);
    request.mutable_interaction()->set_kind(interactions::v1::CALL);
    EXPECT_EQ(server_.Call(&interactions::v1::InteractionsService::Stub::RecordInteraction, request)
                  .reason(),
              "");
  }
  // So much later, when all that was due by then was done, and told.
  void Pass(absl::Duration time) {
    server_.clock().Advance(time);
    AwaitThat([&] { return DueOf("stale_deals") == 0 && DueOf("deal_notices") == 0; });
  }
  int64_t DueOf(absl::string_view policy) {
    policies::v1::GetPolicyRequest request;
    request.set_name(absl::StrCat("policies/", policy));
    return server_.Call(&policies::v1::PoliciesService::Stub::GetPolicy, request)->due_count();
  }
  std::vector<std::string> Stale(const std::string& owner) { return Texts(owner, v1::STALE_DEAL); }
};

// Goal: an owner is told once in each stay, when the board begins to count the deal as rotting.
TEST_F(StaleDealsTest, TellsTheOwnerOnceInAStay) {
  SetRotDays("new-lead", 10);
  SetRotDays("contacted", 1);
  const std::string ben = CreateUser("Ben");
  const std::string deal = CreateDeal(ben);
  Pass(10 * kDay - absl::Seconds(1));
  EXPECT_THAT(Stale(ben), IsEmpty());
  Pass(absl::Seconds(1));
  EXPECT_THAT(Stale(ben), ElementsAre("The deal Aspen stands in New Lead, and nothing happened "
                                      "about it for 10 days."));
  EXPECT_EQ(Told(ben, v1::STALE_DEAL)[0].record(), deal);
  Call(deal);
  Pass(11 * kDay);
  EXPECT_EQ(Stale(ben).size(), 1u) << "it is the same stay";
  Move(deal, "contacted");
  Pass(kDay);
  EXPECT_THAT(Stale(ben), ElementsAre(::testing::_,
                                      "The deal Aspen stands in Contacted, and "
                                      "nothing happened about it for 1 day."));
  server_.Restart(/*new_views=*/true);
  Pass(absl::ZeroDuration());
  EXPECT_EQ(Stale(ben).size(), 2u);
}

TEST_F(StaleDealsTest, WhateverHappensAboutItPutsItOff) {
  SetRotDays("new-lead", 10);
  const std::string ben = CreateUser("Ben");
  const std::string called = CreateDeal(ben);
  const std::string changed = CreateDeal(ben);
  const std::string won = CreateDeal(ben);
  Pass(9 * kDay);
  Call(called);
  deals::v1::UpdateDealRequest update;
  update.mutable_deal()->set_name(changed);
  update.mutable_deal()->set_next_step("Call them");
  EXPECT_EQ(server_.Call(&DealsService::Stub::UpdateDeal, update).reason(), "");
  deals::v1::WinDealRequest win;
  win.set_name(won);
  EXPECT_EQ(server_.Call(&DealsService::Stub::WinDeal, win).reason(), "");
  Pass(9 * kDay);
  EXPECT_THAT(Stale(ben), IsEmpty());
  Pass(2 * kDay);
  EXPECT_EQ(Stale(ben).size(), 2u);
}

// Goal: who puts a board in order does nothing about its deals.
TEST_F(StaleDealsTest, ADragPutsNothingOff) {
  SetRotDays("new-lead", 10);
  const std::string ben = CreateUser("Ben");
  const std::string deal = CreateDeal(ben);
  const std::string other = CreateDeal("");
  Pass(9 * kDay);
  deals::v1::MoveDealRequest drag;
  drag.set_name(deal);
  drag.set_stage(StageNamed("new-lead"));
  // Beside the other one, where it does not stand already.
  drag.set_after(other);
  const auto behind = server_.Call(&DealsService::Stub::MoveDeal, drag);
  EXPECT_EQ(behind.reason(), "");
  EXPECT_EQ(behind->etag(), "2") << "it was put elsewhere";
  Pass(kDay);
  EXPECT_EQ(Stale(ben).size(), 1u);
}

// Goal: nor does who gives them to somebody else, who is told in their place.
TEST_F(StaleDealsTest, AHandOverPutsNothingOff) {
  SetRotDays("new-lead", 10);
  const std::string ben = CreateUser("Ben");
  const std::string mia = CreateUser("Mia");
  CreateDeal(ben);
  Pass(9 * kDay);
  users::v1::BatchChangeOwnerRequest give;
  give.set_owner(ben);
  give.set_new_owner(mia);
  using users::v1::UsersService;
  EXPECT_EQ(server_.Call(&UsersService::Stub::BatchChangeOwner, give)->records_size(), 1);
  Pass(kDay);
  EXPECT_THAT(Stale(ben), IsEmpty());
  EXPECT_EQ(Stale(mia).size(), 1u);
}

TEST_F(StaleDealsTest, MeasuresDealsThatAreThereByNewDays) {
  SetRotDays("new-lead", 0);
  SetRotDays("contacted", 0);
  const std::string ben = CreateUser("Ben");
  const std::string deal = CreateDeal(ben);
  const std::string elsewhere = CreateDeal(ben);
  Move(elsewhere, "contacted");
  Pass(40 * kDay);
  EXPECT_THAT(Stale(ben), IsEmpty()) << "no days are said";
  SetRotDays("new-lead", 60);
  Pass(10 * kDay);
  EXPECT_THAT(Stale(ben), IsEmpty());
  // It was due ten days ago by these.
  SetRotDays("new-lead", 40);
  Await(ben, v1::STALE_DEAL, 1);
  EXPECT_EQ(Told(ben, v1::STALE_DEAL)[0].record(), deal);
  EXPECT_THAT(Stale(ben)[0], ::testing::HasSubstr("for 40 days (told 240h"));
  const std::string other = CreateDeal(ben);
  Pass(39 * kDay);
  SetRotDays("new-lead", 50);
  Pass(2 * kDay);
  EXPECT_EQ(Stale(ben).size(), 1u) << "its timer was set anew";
  Pass(9 * kDay);
  ASSERT_EQ(Stale(ben).size(), 2u);
  EXPECT_EQ(Told(ben, v1::STALE_DEAL)[1].record(), other);
}

// Goal: more deals than one command finds are measured by several.
TEST_F(StaleDealsTest, MeasuresMoreThanOneCommandFinds) {
  SetRotDays("new-lead", 0);
  const std::string ben = CreateUser("Ben");
  deals::v1::BatchCreateDealsRequest many;
  for (int i = 0; i < 90; ++i) {
    deals::v1::Deal& deal = *many.add_requests()->mutable_deal();
    deal.set_display_name(absl::StrCat("Deal ", i));
    deal.set_owner(ben);
  }
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(server_.Call(&DealsService::Stub::BatchCreateDeals, many).reason(), "");
  }
  Pass(kDay);
  SetRotDays("new-lead", 1);
  AwaitThat([&] {
    v1::ListNotificationsRequest request;
    request.set_page_size(1'000);
    request.set_filter(absl::StrCat("owner = \"", ben, "\" AND kind = STALE_DEAL"));
    return server_.Call(&Stub::ListNotifications, request)->notifications_size() == 450;
  });
}

// What was imported as old is no news; what goes stale while the server is down is told late.
TEST_F(StaleDealsTest, TellsNothingOfWhatWasStaleWhenItWasRecorded) {
  SetRotDays("new-lead", 10);
  Pass(absl::ZeroDuration());  // or it would be told of the deals that it finds in the stage
  const std::string ben = CreateUser("Ben");
  deals::v1::CreateDealRequest request;
  request.mutable_deal()->set_display_name("Old");
  request.mutable_deal()->set_owner(ben);
  request.mutable_occur_time()->set_seconds(absl::ToUnixSeconds(server_.clock().Now() - 11 * kDay));
  EXPECT_EQ(server_.Call(&DealsService::Stub::CreateDeal, request).reason(), "");
  request.mutable_deal()->set_display_name("Older");
  request.mutable_occur_time()->set_seconds(absl::ToUnixSeconds(server_.clock().Now() - 9 * kDay));
  EXPECT_EQ(server_.Call(&DealsService::Stub::CreateDeal, request).reason(), "");
  Pass(absl::ZeroDuration());
  EXPECT_THAT(Stale(ben), IsEmpty());
  BeDown(2 * kDay);
  Await(ben, v1::STALE_DEAL, 1);
  EXPECT_THAT(Stale(ben), ElementsAre(::testing::HasSubstr("The deal Older")));
  EXPECT_THAT(Stale(ben)[0], ::testing::HasSubstr("late)"));
}

TEST_F(StaleDealsTest, NobodyElseSaysSo) {
  deals::v1::RaiseStaleDealRequest raise;
  raise.set_name(CreateDeal(""));
  raise.set_stage(StageNamed("new-lead"));
  raise.mutable_stage_enter_time()->set_seconds(1);
  raise.mutable_last_activity_time()->set_seconds(1);
  EXPECT_EQ(server_.Call(&DealsService::Stub::RaiseStaleDeal, raise).reason(), "SAYS_BY_ITSELF");
  deals::v1::MeasureStageDealsRequest measure;
  measure.set_stage(StageNamed("new-lead"));
  EXPECT_EQ(server_.Call(&DealsService::Stub::MeasureStageDeals, measure).reason(),
            "SAYS_BY_ITSELF");
}

}  // namespace
}  // namespace kith::notifications
