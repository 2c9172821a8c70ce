#include "services/deals/stage_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/services/deals/deal_world.h"
#include "tests/testing/decider_spec.h"

namespace kith::deals {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

template <class Detail>
Detail DetailOf(const Decision& decision) {
  Detail found;
  const auto wire = WireError(decision.status());
  if (!wire.has_value()) return found;
  for (const auto& detail : wire->details()) {
    if (detail.UnpackTo(&found)) break;
  }
  return found;
}

// The rules that a move does not meet.
std::vector<std::string> RulesOf(const Decision& decision) {
  std::vector<std::string> types;
  const auto failure = DetailOf<google::rpc::PreconditionFailure>(decision);
  for (const auto& one : failure.violations()) types.push_back(one.type());
  return types;
}

// The fields that it lacks.
std::vector<std::string> FieldsOf(const Decision& decision) {
  std::vector<std::string> fields;
  const auto request = DetailOf<google::rpc::BadRequest>(decision);
  for (const auto& one : request.field_violations()) fields.push_back(one.field());
  return fields;
}

v1::UpdateDealRequest Set(const std::string& deal) {
  v1::UpdateDealRequest command;
  *command.mutable_deal() = testing::Proto<v1::Deal>(deal);
  command.mutable_deal()->set_name(kDeal);
  return command;
}

// A deal in the first stage, without an amount.
DealWorld WithDeal() {
  v1::CreateDealRequest create = Create();
  create.mutable_deal()->clear_amount();
  return WithPipeline().Do(create);
}

TEST(StageGate, NamesEveryFieldThatIsMissing) {
  DealWorld world = WithDeal();
  world.Do(Gate("new-lead", "required_to_leave: 'next_step'"));
  world.Do(Gate("qualified",
                "required_to_enter: 'amount' required_to_enter: 'display_name' "
                "required_to_enter: 'contacts' required_to_enter: 'custom.tier'"));
  const Decision refused = world.Try(Move(StageNamed("qualified")));
  EXPECT_EQ(OutcomeOf(refused), "STAGE_GATE_REJECTED");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(RulesOf(refused), ElementsAre("REQUIRED_TO_LEAVE", "REQUIRED_TO_ENTER"));
  EXPECT_THAT(FieldsOf(refused),
              ElementsAre("deal.next_step", "deal.amount", "deal.contacts", "deal.custom.tier"));
  EXPECT_EQ(refused.status().message(),
            "The deal cannot enter qualified. Set next_step to leave new-lead. "
            "Set amount, contacts, custom.tier to enter qualified.");
  google::rpc::ErrorInfo info = DetailOf<google::rpc::ErrorInfo>(refused);
  EXPECT_EQ(info.metadata().at("from_stage"), StageNamed("new-lead"));
  EXPECT_EQ(info.metadata().at("stage"), StageNamed("qualified"));
}

TEST(StageGate, LetsADealPassThatHasThem) {
  DealWorld world = WithDeal();
  world.Do(Gate("qualified",
                "required_to_enter: 'amount' required_to_enter: 'custom.tier' "
                "required_to_enter: 'probability'"));
  world.Do(
      Set("amount { currency_code: 'EUR' units: 5 } probability: 0 "
          "custom { key: 'tier' value { text: 'gold' } }"));
  EXPECT_EQ(OutcomeOf(world.Try(Move(StageNamed("qualified")))), "events")
      << "a probability of 0 was said";
  world.Do(Gate("qualified", "required_to_enter: 'product'"));
  EXPECT_THAT(FieldsOf(world.Try(Move(StageNamed("qualified")))), ElementsAre("deal.product"));
  v1::UpdateStageRequest none = Gate("qualified", "");
  none.mutable_stage()->clear_gate();
  world.Do(none);
  EXPECT_FALSE(world.pipeline().stages(2).has_gate());
  EXPECT_EQ(OutcomeOf(world.Try(Move(StageNamed("qualified")))), "events");
}

// Goal: what was moved before a gate was set stays where it is.
TEST(StageGate, LeavesDealsWhereTheyAre) {
  DealWorld world = WithDeal().Do(Move(StageNamed("qualified")));
  world.Do(Gate("qualified", "required_to_enter: 'amount'"));
  EXPECT_EQ(world.deal().stage(), StageNamed("qualified"));
  EXPECT_EQ(OutcomeOf(world.Try(Move(StageNamed("qualified")))), "nothing");
  EXPECT_EQ(OutcomeOf(world.Try(Rename("Another"))), "events");
  EXPECT_EQ(OutcomeOf(world.Try(Move(StageNamed("negotiation")))), "events");
}

TEST(StageGate, LetsNoStageBeSkipped) {
  DealWorld world = WithDeal().Do(Gate("new-lead", "no_skipping: true"));
  const Decision refused = world.Try(Move(StageNamed("qualified")));
  EXPECT_THAT(RulesOf(refused), ElementsAre("NO_SKIPPING"));
  EXPECT_THAT(FieldsOf(refused), IsEmpty());
  EXPECT_EQ(refused.status().message(),
            "The deal cannot enter qualified. From new-lead a deal goes to contacted next, which "
            "it would skip.");
  EXPECT_EQ(OutcomeOf(world.Try(Move(StageNamed("contacted")))), "events");
  EXPECT_THAT(RulesOf(world.Try(Win())), ElementsAre("NO_SKIPPING"));
  EXPECT_EQ(OutcomeOf(world.Try(Lose())), "events") << "a deal is lost from anywhere";
  world.Do(Archive(StageNamed("contacted")));
  EXPECT_EQ(OutcomeOf(world.Try(Move(StageNamed("qualified")))), "events")
      << "what is archived takes no deals";
}

TEST(StageGate, LetsADealBeWonFromTheLastStage) {
  DealWorld world = WithDeal().Do(Move(StageNamed("negotiation")));
  world.Do(Gate("negotiation", "no_skipping: true no_going_back: true"));
  EXPECT_EQ(OutcomeOf(world.Try(Win())), "events");
  EXPECT_THAT(RulesOf(world.Try(Move(StageNamed("contacted")))), ElementsAre("NO_GOING_BACK"));
}

TEST(StageGate, AsksWhoGoesBackForNoFieldsToLeave) {
  DealWorld world = WithDeal().Do(Move(StageNamed("qualified")));
  world.Do(Gate("qualified", "required_to_leave: 'amount'"));
  EXPECT_EQ(OutcomeOf(world.Try(Move(StageNamed("contacted")))), "events");
  EXPECT_EQ(OutcomeOf(world.Try(Lose())), "events");
  EXPECT_THAT(FieldsOf(world.Try(Move(StageNamed("negotiation")))), ElementsAre("deal.amount"));
  v1::WinDealRequest win = Win();
  EXPECT_THAT(FieldsOf(world.Try(win)), ElementsAre("deal.amount"));
  *win.mutable_amount() = Euros(5);
  EXPECT_EQ(OutcomeOf(world.Try(win)), "events") << "winning says it";
}

TEST(StageGate, AsksWhoLosesADealForNotes) {
  DealWorld world = WithDeal().Do(Gate("closed-lost", "required_to_enter: 'lost_notes'"));
  EXPECT_THAT(FieldsOf(world.Try(Lose())), ElementsAre("deal.lost_notes"));
  v1::LoseDealRequest lose = Lose();
  lose.set_notes("They were cheaper.");
  EXPECT_EQ(OutcomeOf(world.Try(lose)), "events");
}

TEST(StageGate, IsAskedWhereADealIsReopened) {
  DealWorld world = WithDeal().Do(Gate("closed-won", "no_going_back: true"));
  world.Do(Gate("contacted", "required_to_enter: 'amount'"));
  world.Do(Lose());
  EXPECT_THAT(FieldsOf(world.Try(Reopen(StageNamed("contacted")))), ElementsAre("deal.amount"));
  world.Do(Reopen()).Do(Win());
  EXPECT_THAT(RulesOf(world.Try(Reopen())), ElementsAre("NO_GOING_BACK"));
}

// Goal: to close a deal and reopen it elsewhere is no way around the gate of where it stood.
TEST(StageGate, OfWhereADealStoodIsAskedWhereItIsReopenedElsewhere) {
  DealWorld world =
      WithDeal().Do(Gate("new-lead", "no_skipping: true required_to_leave: 'next_step'"));
  world.Do(Lose());
  EXPECT_THAT(RulesOf(world.Try(Reopen(StageNamed("qualified")))),
              ElementsAre("REQUIRED_TO_LEAVE", "NO_SKIPPING"));
  EXPECT_THAT(RulesOf(world.Try(Reopen(StageNamed("contacted")))),
              ElementsAre("REQUIRED_TO_LEAVE"));
  EXPECT_EQ(OutcomeOf(world.Try(Reopen(StageNamed("new-lead")))), "events");
  EXPECT_EQ(OutcomeOf(world.Try(Reopen())), "events");
  world.Do(Gate("closed-lost", "no_going_back: true"));
  EXPECT_THAT(RulesOf(world.Try(Reopen(StageNamed("contacted")))), ElementsAre("NO_GOING_BACK"));
}

TEST(StageGate, IsAskedOfADealThatComesIntoBeing) {
  DealWorld world = WithPipeline();
  world.Do(Gate("qualified", "required_to_enter: 'amount' required_to_enter: 'create_time'"));
  v1::CreateDealRequest create = Create(StageNamed("qualified"));
  EXPECT_EQ(OutcomeOf(world.Try(create)), "events");
  create.mutable_deal()->clear_amount();
  EXPECT_THAT(FieldsOf(world.Try(create)), ElementsAre("deal.amount"));
  world.With("users/1").Do(Gate("qualified", "approval { approvers: 'users/1' }"));
  EXPECT_THAT(RulesOf(world.Try(create)), ElementsAre("APPROVAL_REQUIRED"));
}

v1::PipelineEvent OtherPipeline() {
  v1::PipelineEvent other;
  *other.mutable_pipeline_created()->mutable_pipeline() = testing::Proto<v1::Pipeline>(R"pb(
    name: "pipelines/other"
    stages { name: "pipelines/other/stages/a" stage_id: "a" kind: OPEN_STAGE }
    stages {
      name: "pipelines/other/stages/b"
      stage_id: "b"
      kind: OPEN_STAGE
      gate { required_to_enter: "amount" }
    }
    stages { name: "pipelines/other/stages/won" stage_id: "won" kind: WON_STAGE }
    stages { name: "pipelines/other/stages/lost" stage_id: "lost" kind: LOST_STAGE })pb");
  return other;
}

// Goal: a deal that goes through another pipeline and comes back is as one that stayed.
TEST(StageGate, IsNotEscapedThroughAnotherPipeline) {
  DealWorld world = WithDeal().WithOther(OtherPipeline());
  world.Do(Gate("contacted", "no_skipping: true no_going_back: true"));
  world.Do(Move(StageNamed("contacted"))).Do(Move("pipelines/other/stages/a"));
  world.SwapPipelines();
  EXPECT_THAT(RulesOf(world.Try(Move(StageNamed("negotiation")))), ElementsAre("NO_SKIPPING"));
  EXPECT_THAT(RulesOf(world.Try(Move(StageNamed("new-lead")))), ElementsAre("NO_GOING_BACK"));
  EXPECT_EQ(OutcomeOf(world.Try(Move(StageNamed("contacted")))), "events");
  EXPECT_EQ(OutcomeOf(world.Try(Move(StageNamed("qualified")))), "events");
}

TEST(StageGate, AsksForMoreThanBlanks) {
  DealWorld world = WithDeal().Do(
      Gate("qualified", "required_to_enter: 'product' required_to_enter: 'custom.tier'"));
  world.Do(Set("product: ' \u00A0 '"));
  v1::DealEvent event;
  event.mutable_deal_updated()->mutable_deal()->set_name(kDeal);
  (*event.mutable_deal_updated()->mutable_deal()->mutable_custom())["tier"].set_text("\u200B ");
  event.mutable_deal_updated()->mutable_update_mask()->add_paths("custom.tier");
  world.Happen(event);
  EXPECT_THAT(FieldsOf(world.Try(Move(StageNamed("qualified")))),
              ElementsAre("deal.product", "deal.custom.tier"));
}

TEST(StageGate, OfAnotherPipelineIsAskedToo) {
  DealWorld world = WithDeal().WithOther(OtherPipeline());
  world.Do(Gate("new-lead", "no_skipping: true no_going_back: true required_to_leave: 'product'"));
  EXPECT_THAT(FieldsOf(world.Try(Move("pipelines/other/stages/b"))),
              ElementsAre("deal.product", "deal.amount"));
  EXPECT_EQ(OutcomeOf(world.Try(Move("pipelines/other/stages/won"))), "STAGE_NOT_OPEN");
  world.Do(Set("product: 'Licence'"));
  const Decision moved = world.Try(Move("pipelines/other/stages/a"));
  ASSERT_TRUE(moved.ok()) << moved.status();
  EXPECT_THAT(moved->list()[0].claims, ElementsAre(Claim{"deals.pipeline", "pipelines/default"},
                                                   Claim{"deals.pipeline", "pipelines/other"}));
  world.Happen(*moved);
  EXPECT_EQ(world.deal().pipeline(), "pipelines/other");
  EXPECT_EQ(world.deal().stage_intervals_size(), 2);
}

TEST(StageGate, IsRefusedWhereItNamesNoFieldThatADealCanHave) {
  DealWorld world = WithPipeline();
  const auto refused = [&](const std::string& stage, const std::string& path) {
    return OutcomeOf(world.Try(Gate(stage, "required_to_enter: '" + path + "'"))) ==
           "INVALID_FIELD";
  };
  for (const char* path :
       {"what", "custom", "amount.units", "close_time", "lost_notes", "status"}) {
    EXPECT_TRUE(refused("qualified", path)) << path;
  }
  EXPECT_TRUE(refused("closed-won", "lost_notes"));
  EXPECT_FALSE(refused("closed-lost", "lost_notes"));
  EXPECT_FALSE(refused("qualified", "custom.tier"));
  const Decision twice =
      world.Try(Gate("qualified", "required_to_leave: 'amount' required_to_leave: 'amount'"));
  EXPECT_THAT(FieldsOf(twice), ElementsAre("stage.gate.required_to_leave[1]"));
}

TEST(StageGate, NamesWhoIsThere) {
  DealWorld world = WithPipeline().With("users/1").With("users/2", Lifecycle::kDeleted);
  const auto approved_by = [&](const std::string& user) {
    return world.Try(Gate("qualified", "approval { approvers: '" + user + "' }"));
  };
  EXPECT_EQ(OutcomeOf(approved_by("users/1")), "events");
  EXPECT_EQ(OutcomeOf(approved_by("users/2")), "LINKED_RECORD_NOT_FOUND");
  EXPECT_THAT(FieldsOf(approved_by("users/3")), ElementsAre("stage.gate.approval.approvers[0]"));
}

TEST(Stage, HasAColor) {
  DealWorld world = WithPipeline();
  v1::UpdateStageRequest command;
  command.mutable_stage()->set_name(StageNamed("closed-won"));
  command.mutable_stage()->set_color("#1a7F37");
  world.Do(command);
  EXPECT_EQ(world.pipeline().stages(5).color(), "#1a7F37");
  for (const char* color : {"1a7F37", "#1a7F3", "#1a7F3g", "green"}) {
    command.mutable_stage()->set_color(color);
    EXPECT_THAT(FieldsOf(world.Try(command)), ElementsAre("stage.color")) << color;
  }
}

// PI-1 of the field's vectors: a stage that is entered again goes on counting.
TEST(StageIntervals, AddUpWhereAStageIsEnteredAgain) {
  DealWorld world = WithPipeline();
  const absl::Time start = world.now();
  const auto at = [&](int seconds, const auto& command) {
    world.SetNow(start + absl::Seconds(seconds));
    world.Do(command);
  };
  at(0, Create(StageNamed("new-lead")));
  at(300, Move(StageNamed("contacted")));
  at(306'300, Move(StageNamed("qualified")));
  at(606'300, Move(StageNamed("proposal-sent")));
  at(607'500, Move(StageNamed("contacted")));
  at(610'800, Move(StageNamed("proposal-sent")));
  at(640'800, Move(StageNamed("qualified")));
  const auto seconds_in = [&](const std::string& stage, int until) {
    absl::Duration all;
    for (const v1::StageInterval& stay : world.deal().stage_intervals()) {
      if (stay.stage() != StageNamed(stage)) continue;
      all += (stay.has_leave_time() ? FromTimestamp(stay.leave_time())
                                    : start + absl::Seconds(until)) -
             FromTimestamp(stay.enter_time());
    }
    return absl::ToInt64Seconds(all);
  };
  EXPECT_EQ(seconds_in("new-lead", 640'800), 300);
  EXPECT_EQ(seconds_in("contacted", 640'800), 309'300);
  EXPECT_EQ(seconds_in("qualified", 640'800), 300'000);
  EXPECT_EQ(seconds_in("proposal-sent", 640'800), 31'200);
  EXPECT_EQ(seconds_in("qualified", 644'400), 303'600);
}

}  // namespace
}  // namespace kith::deals
