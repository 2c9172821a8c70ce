#include "services/deals/deal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "kith/deals/v1/deals_errors.pb.h"
#include "tests/services/deals/deal_world.h"
#include "tests/testing/decider_spec.h"

namespace kith::deals {
namespace {

using ::testing::ElementsAre;
using testing::ViolatedFields;

// The only event of a decision.
const v1::DealEvent& OnlyEvent(const Decision& decision) {
  EXPECT_TRUE(decision.ok()) << decision.status();
  EXPECT_EQ(decision->list().size(), 1u);
  return static_cast<const v1::DealEvent&>(*decision->list().front().event);
}

// Goal: no combination of a command and what became of the deal is left to chance. Method: every
// command on a deal in every state, against the table.
TEST(Deal, AnswersEveryCommandInEveryState) {
  std::map<std::string, DealWorld> states;
  states["absent"] = WithPipeline();
  states["open"] = WithPipeline().Do(Create());
  states["won"] = WithPipeline().Do(Create()).Do(Win());
  states["lost"] = WithPipeline().Do(Create()).Do(Lose());
  states["deleted"] = WithPipeline().Do(Create()).Do(Delete());
  const std::string qualified = StageNamed("qualified");

  struct Row {
    const char* state;
    const char* create;
    const char* update;
    const char* move;
    const char* win;
    const char* lose;
    const char* reopen;
    const char* erase;
  };
  constexpr Row kTable[] = {
      {"absent", "events", "DEAL_NOT_FOUND", "DEAL_NOT_FOUND", "DEAL_NOT_FOUND", "DEAL_NOT_FOUND",
       "DEAL_NOT_FOUND", "DEAL_NOT_FOUND"},
      {"open", "DEAL_EXISTS", "events", "events", "events", "events", "DEAL_OPEN", "events"},
      {"won", "DEAL_EXISTS", "events", "DEAL_CLOSED", "nothing", "DEAL_CLOSED", "events", "events"},
      {"lost", "DEAL_EXISTS", "events", "DEAL_CLOSED", "DEAL_CLOSED", "nothing", "events",
       "events"},
      {"deleted", "DEAL_EXISTS", "DEAL_NOT_FOUND", "DEAL_NOT_FOUND", "DEAL_NOT_FOUND",
       "DEAL_NOT_FOUND", "DEAL_NOT_FOUND", "nothing"},
  };
  for (const Row& row : kTable) {
    SCOPED_TRACE(row.state);
    DealWorld& world = states.at(row.state);
    EXPECT_EQ(OutcomeOf(world.Try(Create())), row.create);
    EXPECT_EQ(OutcomeOf(world.Try(Rename("Another"))), row.update);
    EXPECT_EQ(OutcomeOf(world.Try(Move(qualified))), row.move);
    EXPECT_EQ(OutcomeOf(world.Try(Win())), row.win);
    EXPECT_EQ(OutcomeOf(world.Try(Lose())), row.lose);
    EXPECT_EQ(OutcomeOf(world.Try(Reopen())), row.reopen);
    EXPECT_EQ(OutcomeOf(world.Try(Delete())), row.erase);
  }
}

TEST(Deal, RefusesEveryCommandWithAnOutdatedEtag) {
  DealWorld world = WithPipeline().Do(Create());
  const auto with_etag = [](auto command) {
    command.set_etag("7");
    return command;
  };
  v1::UpdateDealRequest update = Rename("Another");
  update.mutable_deal()->set_etag("7");
  EXPECT_EQ(OutcomeOf(world.Try(update)), "ETAG_MISMATCH");
  EXPECT_EQ(OutcomeOf(world.Try(with_etag(Move(StageNamed("qualified"))))), "ETAG_MISMATCH");
  EXPECT_EQ(OutcomeOf(world.Try(with_etag(Win()))), "ETAG_MISMATCH");
  EXPECT_EQ(OutcomeOf(world.Try(with_etag(Lose()))), "ETAG_MISMATCH");
  EXPECT_EQ(OutcomeOf(world.Try(with_etag(Reopen()))), "ETAG_MISMATCH");
  EXPECT_EQ(OutcomeOf(world.Try(with_etag(Delete()))), "ETAG_MISMATCH");
}

TEST(CreateDeal, PutsItIntoTheFirstOpenStageOfTheDefaultPipeline) {
  const DealWorld world = WithPipeline().Do(Create());
  const v1::Deal& deal = world.deal();
  EXPECT_EQ(deal.name(), kDeal);
  EXPECT_EQ(deal.pipeline(), kDefaultPipeline);
  EXPECT_EQ(deal.stage(), StageNamed("new-lead"));
  EXPECT_EQ(deal.status(), v1::OPEN);
  EXPECT_EQ(deal.etag(), "1");
  ASSERT_EQ(deal.stage_intervals_size(), 1);
  EXPECT_EQ(deal.stage_intervals(0).stage(), deal.stage());
  EXPECT_FALSE(deal.stage_intervals(0).has_leave_time());
}

TEST(CreateDeal, SkipsArchivedStages) {
  DealWorld world = WithPipeline().Do(Archive(StageNamed("new-lead"))).Do(Create());
  EXPECT_EQ(world.deal().stage(), StageNamed("contacted"));
}

TEST(CreateDeal, TakesTheStageAskedFor) {
  const DealWorld world = WithPipeline().Do(Create(StageNamed("negotiation")));
  EXPECT_EQ(world.deal().stage(), StageNamed("negotiation"));
}

TEST(CreateDeal, DrawsAnIdWhereNoneIsBrought) {
  v1::CreateDealRequest command = Create();
  command.clear_deal_id();
  const Decision decision = WithPipeline().Try(command);
  EXPECT_EQ(OnlyEvent(decision).deal_created().deal().name(), "deals/id1");
  EXPECT_EQ(decision->list().front().stream, "deals/id1");
}

TEST(CreateDeal, IgnoresWhatOnlyTheServerSets) {
  v1::CreateDealRequest command = Create();
  command.mutable_deal()->set_name("deals/other");
  command.mutable_deal()->set_etag("9");
  command.mutable_deal()->set_status(v1::WON);
  command.mutable_deal()->set_lost_notes("none");
  command.mutable_deal()->add_stage_intervals();
  const Decision decision = WithPipeline().Try(command);
  const v1::Deal& deal = OnlyEvent(decision).deal_created().deal();
  EXPECT_EQ(deal.name(), kDeal);
  EXPECT_EQ(deal.etag(), "");
  EXPECT_EQ(deal.status(), v1::DEAL_STATUS_UNSPECIFIED);
  EXPECT_EQ(deal.lost_notes(), "");
  EXPECT_EQ(deal.stage_intervals_size(), 0);
}

TEST(CreateDeal, RejectsStagesThatNoDealCanEnter) {
  DealWorld world = WithPipeline().Do(Archive(StageNamed("qualified")));
  EXPECT_EQ(OutcomeOf(world.Try(Create(StageNamed("qualified")))), "STAGE_ARCHIVED");
  EXPECT_EQ(OutcomeOf(world.Try(Create(StageNamed("closed-won")))), "STAGE_NOT_OPEN");
  EXPECT_EQ(OutcomeOf(world.Try(Create(StageNamed("missing")))), "STAGE_NOT_FOUND");
  EXPECT_EQ(OutcomeOf(world.Try(Create("pipelines/other/stages/qualified"))),
            "STAGE_OF_OTHER_PIPELINE");
}

TEST(CreateDeal, RejectsAPipelineThatIsNotThere) {
  EXPECT_EQ(OutcomeOf(DealWorld().Try(Create())), "PIPELINE_NOT_FOUND");
}

TEST(CreateDeal, RejectsANegativeAmount) {
  v1::CreateDealRequest command = Create();
  *command.mutable_deal()->mutable_amount() = Euros(0, -10'000'000);
  EXPECT_EQ(OutcomeOf(WithPipeline().Try(command)), "INVALID_FIELD");
}

TEST(CreateDeal, NamesTheDealThatHasTheId) {
  const Decision decision = WithPipeline().Do(Create()).Try(Create());
  const auto wire = WireError(decision.status());
  ASSERT_TRUE(wire.has_value());
  google::rpc::ResourceInfo info;
  ASSERT_TRUE(wire->details(1).UnpackTo(&info));
  EXPECT_EQ(info.resource_name(), kDeal);
  EXPECT_EQ(decision.status().code(), absl::StatusCode::kAlreadyExists);
}

TEST(MoveDeal, TellsHowLongItHadBeenInTheStageItLeaves) {
  DealWorld world = WithPipeline().Do(Create());
  const Decision decision = world.Try(Move(StageNamed("proposal-sent")));
  const v1::DealStageChanged& changed = OnlyEvent(decision).deal_stage_changed();
  EXPECT_EQ(changed.from_stage(), StageNamed("new-lead"));
  EXPECT_EQ(changed.to_stage(), StageNamed("proposal-sent"));
  EXPECT_EQ(changed.dwell().seconds(), absl::ToInt64Seconds(DealWorld::kStep));
}

TEST(MoveDeal, ClosesOneStayAndBeginsAnother) {
  const DealWorld world = WithPipeline().Do(Create()).Do(Move(StageNamed("qualified")));
  const v1::Deal& deal = world.deal();
  ASSERT_EQ(deal.stage_intervals_size(), 2);
  EXPECT_EQ(deal.stage_intervals(0).leave_time().seconds(),
            deal.stage_intervals(1).enter_time().seconds());
  EXPECT_EQ(deal.stage_enter_time().seconds(), deal.stage_intervals(1).enter_time().seconds());
}

// Goal: a version of a deal is of bounded size, however often it was moved.
TEST(MoveDeal, KeepsTheLatestStaysAndCountsTheOthers) {
  DealWorld world = WithPipeline().Do(Create());
  for (int i = 1; i <= 200; ++i) {
    world.Do(Move(StageNamed(i % 2 == 0 ? "new-lead" : "qualified")));
    const v1::Deal& deal = world.deal();
    ASSERT_EQ(deal.stage_intervals_size() + deal.earlier_stage_interval_count(), i + 1);
  }
  const v1::Deal& deal = world.deal();
  EXPECT_EQ(deal.stage_intervals_size(), 50);
  EXPECT_EQ(deal.stage_intervals(49).stage(), deal.stage());
  EXPECT_FALSE(deal.stage_intervals(49).has_leave_time());
  for (int i = 1; i < 50; ++i) {
    EXPECT_EQ(deal.stage_intervals(i - 1).leave_time().seconds(),
              deal.stage_intervals(i).enter_time().seconds());
  }
  EXPECT_LT(deal.ByteSizeLong(), 5'000u);
  world.Do(Win()).Do(Reopen());
  EXPECT_EQ(world.deal().stage(), StageNamed("new-lead")) << "the last open one is kept";
}

TEST(MoveDeal, ChangesNothingInTheStageItIsIn) {
  DealWorld world = WithPipeline().Do(Create());
  EXPECT_EQ(OutcomeOf(world.Try(Move(StageNamed("new-lead")))), "nothing");
  world.Do(Archive(StageNamed("new-lead")));
  EXPECT_EQ(OutcomeOf(world.Try(Move(StageNamed("new-lead")))), "nothing") << "it stays there";
}

TEST(MoveDeal, RejectsStagesThatNoDealCanEnter) {
  DealWorld world = WithPipeline().Do(Create()).Do(Archive(StageNamed("qualified")));
  EXPECT_EQ(OutcomeOf(world.Try(Move(StageNamed("qualified")))), "STAGE_ARCHIVED");
  EXPECT_EQ(OutcomeOf(world.Try(Move(StageNamed("closed-won")))), "STAGE_NOT_OPEN");
  EXPECT_EQ(OutcomeOf(world.Try(Move(StageNamed("closed-lost")))), "STAGE_NOT_OPEN");
  EXPECT_EQ(OutcomeOf(world.Try(Move(StageNamed("missing")))), "STAGE_NOT_FOUND");
  EXPECT_EQ(OutcomeOf(world.Try(Move("pipelines/other/stages/qualified"))), "PIPELINE_NOT_FOUND");
}

TEST(MoveDeal, RejectsATimeBeforeItEnteredItsStage) {
  DealWorld world = WithPipeline().Do(Create());
  world.SayTime(true);
  const absl::Time entered = FromTimestamp(world.deal().stage_enter_time());
  world.SetNow(entered - absl::Microseconds(1));
  EXPECT_EQ(OutcomeOf(world.Try(Move(StageNamed("qualified")))), "OCCURS_BEFORE_STAGE");
  EXPECT_EQ(OutcomeOf(world.Try(Win())), "OCCURS_BEFORE_STAGE");
  EXPECT_EQ(OutcomeOf(world.Try(Lose())), "OCCURS_BEFORE_STAGE");
  world.SetNow(entered);
  EXPECT_EQ(OutcomeOf(world.Try(Move(StageNamed("qualified")))), "events");
}

// Goal: a clock that was set back, ours or that of whoever moved the deal last, holds no deal where
// it is. Method: every command that moves one, an hour before the deal entered its stage.
TEST(MoveDeal, GoesOnWhereTheClockIsBehindTheDeal) {
  DealWorld world = WithPipeline().Do(Create());
  const absl::Time entered = FromTimestamp(world.deal().stage_enter_time());
  world.SetNow(entered - absl::Hours(1));
  const Decision decision = world.Try(Move(StageNamed("qualified")));
  EXPECT_EQ(OnlyEvent(decision).deal_stage_changed().dwell().nanos(), 0);
  EXPECT_EQ(OnlyEvent(decision).deal_stage_changed().dwell().seconds(), 0);

  const auto behind = [&](const auto& command) {
    world.SetNow(entered - absl::Hours(1));
    world.Do(command);
    return FromTimestamp(world.deal().stage_enter_time()) == entered;
  };
  EXPECT_TRUE(behind(Move(StageNamed("qualified"))));
  EXPECT_TRUE(behind(Win()));
  EXPECT_TRUE(behind(Reopen()));
  EXPECT_TRUE(behind(Lose()));
  EXPECT_EQ(world.deal().status(), v1::LOST);
}

TEST(WinDeal, EntersTheWonStage) {
  const DealWorld world = WithPipeline().Do(Create()).Do(Win());
  const v1::Deal& deal = world.deal();
  EXPECT_EQ(deal.status(), v1::WON);
  EXPECT_EQ(deal.stage(), StageNamed("closed-won"));
  EXPECT_EQ(deal.close_time().seconds(), deal.stage_enter_time().seconds());
  EXPECT_EQ(deal.first_win_time().seconds(), deal.close_time().seconds());
  EXPECT_EQ(deal.amount().units(), 1200);
}

TEST(WinDeal, TakesTheAmountItWasWonFor) {
  v1::WinDealRequest command = Win();
  *command.mutable_amount() = Euros(900);
  DealWorld world = WithPipeline().Do(Create());
  const Decision decision = world.Try(command);
  ASSERT_TRUE(decision.ok());
  EXPECT_EQ(decision->list().size(), 2u);
  world.Happen(*decision);
  EXPECT_EQ(world.deal().amount().units(), 900);
  EXPECT_EQ(OutcomeOf(world.Try(command)), "nothing") << "a repeat";
  *command.mutable_amount() = Euros(800);
  EXPECT_EQ(OutcomeOf(world.Try(command)), "DEAL_CLOSED") << "no repeat";
}

TEST(WinDeal, RejectsANegativeAmount) {
  v1::WinDealRequest command = Win();
  *command.mutable_amount() = Euros(-1);
  EXPECT_EQ(OutcomeOf(WithPipeline().Do(Create()).Try(command)), "INVALID_FIELD");
}

TEST(LoseDeal, KeepsTheReasonAndWhereItWasLost) {
  DealWorld world = WithPipeline().Do(Create(StageNamed("negotiation")));
  v1::LoseDealRequest command = Lose(v1::COMPETITION);
  command.set_notes("They were cheaper.");
  const Decision decision = world.Try(command);
  EXPECT_EQ(OnlyEvent(decision).deal_lost().from_stage(), StageNamed("negotiation"));
  world.Happen(*decision);
  EXPECT_EQ(world.deal().status(), v1::LOST);
  EXPECT_EQ(world.deal().stage(), StageNamed("closed-lost"));
  EXPECT_EQ(world.deal().lost_reason(), v1::COMPETITION);
  EXPECT_EQ(world.deal().lost_notes(), "They were cheaper.");
  EXPECT_FALSE(world.deal().has_first_win_time());
  EXPECT_EQ(OutcomeOf(world.Try(Lose(v1::PRICING))), "DEAL_CLOSED") << "another reason";
}

TEST(ReopenDeal, ReturnsToTheLastOpenStage) {
  const DealWorld world =
      WithPipeline().Do(Create()).Do(Move(StageNamed("negotiation"))).Do(Lose()).Do(Reopen());
  const v1::Deal& deal = world.deal();
  EXPECT_EQ(deal.stage(), StageNamed("negotiation"));
  EXPECT_EQ(deal.status(), v1::OPEN);
  EXPECT_FALSE(deal.has_close_time());
  EXPECT_EQ(deal.lost_reason(), v1::LOST_REASON_UNSPECIFIED);
  EXPECT_EQ(deal.stage_intervals_size(), 4);
}

TEST(ReopenDeal, KeepsWhenTheDealWasFirstWon) {
  DealWorld world = WithPipeline().Do(Create()).Do(Win());
  const int64_t won = world.deal().first_win_time().seconds();
  world.Do(Reopen()).Do(Win());
  EXPECT_EQ(world.deal().first_win_time().seconds(), won);
  EXPECT_GT(world.deal().close_time().seconds(), won);
}

TEST(ReopenDeal, TakesTheStageAskedForIfADealCanEnterIt) {
  DealWorld world = WithPipeline().Do(Create()).Do(Win());
  world.Do(Archive(StageNamed("new-lead")));
  EXPECT_EQ(OutcomeOf(world.Try(Reopen())), "STAGE_ARCHIVED") << "the last open one is gone";
  EXPECT_EQ(OutcomeOf(world.Try(Reopen(StageNamed("closed-lost")))), "STAGE_NOT_OPEN");
  EXPECT_EQ(OutcomeOf(world.Try(Reopen("pipelines/other/stages/a"))), "STAGE_OF_OTHER_PIPELINE");
  world.Do(Reopen(StageNamed("contacted")));
  EXPECT_EQ(world.deal().stage(), StageNamed("contacted"));
}

TEST(ReopenDeal, RejectsATimeBeforeItWasClosed) {
  DealWorld world = WithPipeline().Do(Create()).Do(Win());
  world.SayTime(true);
  world.SetNow(FromTimestamp(world.deal().close_time()) - absl::Seconds(1));
  EXPECT_EQ(OutcomeOf(world.Try(Reopen())), "OCCURS_BEFORE_STAGE");
}

TEST(UpdateDeal, TellsOnlyWhatDiffers) {
  v1::UpdateDealRequest command = Rename("500 licences for Acme");
  DealWorld world = WithPipeline().Do(Create());
  EXPECT_EQ(OutcomeOf(world.Try(command)), "nothing");
  command.mutable_deal()->set_next_step("Call them");
  const Decision decision = world.Try(command);
  const v1::DealUpdated& updated = OnlyEvent(decision).deal_updated();
  ASSERT_EQ(updated.update_mask().paths_size(), 1);
  EXPECT_EQ(updated.update_mask().paths(0), "next_step");
  EXPECT_EQ(updated.deal().display_name(), "");
}

TEST(UpdateDeal, EmptiesWhatTheMaskNamesAndTheDealDoesNotSet) {
  v1::UpdateDealRequest command = Rename("500 licences for Acme");
  command.mutable_update_mask()->add_paths("amount");
  DealWorld world = WithPipeline().Do(Create()).Do(command);
  EXPECT_FALSE(world.deal().has_amount());
}

TEST(UpdateDeal, RejectsWhatMovesADealOrIsOnlyTheServers) {
  DealWorld world = WithPipeline().Do(Create());
  for (const char* path :
       {"pipeline", "stage", "status", "close_time", "stage_intervals", "what"}) {
    v1::UpdateDealRequest command = Rename("Another");
    command.mutable_deal()->set_pipeline("pipelines/other");
    command.mutable_deal()->set_stage(StageNamed("qualified"));
    command.mutable_update_mask()->add_paths(path);
    EXPECT_EQ(OutcomeOf(world.Try(command)), "INVALID_UPDATE_MASK") << path;
  }
}

TEST(UpdateDeal, RejectsANegativeAmount) {
  v1::UpdateDealRequest command = Rename("Another");
  *command.mutable_deal()->mutable_amount() = Euros(-5);
  EXPECT_EQ(OutcomeOf(WithPipeline().Do(Create()).Try(command)), "INVALID_FIELD");
}

TEST(UpdateDeal, TakesWhatADealBringsAgainAndAgain) {
  DealWorld world = WithPipeline().Do(Create());
  v1::UpdateDealRequest command = Rename("Another");
  v1::Deal& deal = *command.mutable_deal();
  *deal.mutable_monthly_recurring_revenue() = Euros(-1);
  *deal.mutable_annual_recurring_revenue() = Euros(-12);
  *deal.mutable_annual_contract_value() = Euros(-15);
  EXPECT_THAT(ViolatedFields(world.Try(command).status()),
              ElementsAre("deal.monthly_recurring_revenue", "deal.annual_recurring_revenue",
                          "deal.annual_contract_value"));
  *deal.mutable_monthly_recurring_revenue() = Euros(100);
  *deal.mutable_annual_recurring_revenue() = Euros(1200);
  *deal.mutable_annual_contract_value() = Euros(1500);
  world.Do(command);
  EXPECT_EQ(world.deal().monthly_recurring_revenue().units(), 100);
  EXPECT_EQ(world.deal().annual_recurring_revenue().units(), 1200);
  EXPECT_EQ(world.deal().annual_contract_value().units(), 1500);
  EXPECT_EQ(world.deal().amount().units(), 1200) << "which is said by itself";
}

}  // namespace
}  // namespace kith::deals
