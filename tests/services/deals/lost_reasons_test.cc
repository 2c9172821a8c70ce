#include "services/deals/lost_reasons.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/services/deals/deal_world.h"

namespace kith::deals {
namespace {

std::string ReasonNamed(const std::string& id) {
  return absl::StrCat(kDefaultPipeline, "/lostReasons/", id);
}

v1::AddLostReasonRequest Add(const std::string& id) {
  v1::AddLostReasonRequest command;
  command.set_pipeline(std::string(kDefaultPipeline));
  command.mutable_lost_reason()->set_lost_reason_id(id);
  command.mutable_lost_reason()->set_display_name(id);
  return command;
}

v1::ArchiveLostReasonRequest ArchiveReason(const std::string& id) {
  v1::ArchiveLostReasonRequest command;
  command.set_lost_reason(ReasonNamed(id));
  return command;
}

v1::LoseDealRequest LoseFor(const std::string& id) {
  v1::LoseDealRequest command = Lose(v1::LOST_REASON_UNSPECIFIED);
  command.set_pipeline_lost_reason(ReasonNamed(id));
  return command;
}

v1::UpdatePipelineRequest RequireReason(bool required) {
  v1::UpdatePipelineRequest command;
  command.mutable_pipeline()->set_name(std::string(kDefaultPipeline));
  command.mutable_pipeline()->set_lost_reason_required(required);
  command.mutable_update_mask()->add_paths("lost_reason_required");
  return command;
}

TEST(DefaultPipeline, HasALostReasonForEachThatAllHave) {
  const DealWorld world = WithPipeline();
  const auto& type = *v1::LostReason_descriptor();
  ASSERT_EQ(world.pipeline().lost_reasons_size(), type.value_count() - 1);
  for (int i = 1; i < type.value_count(); ++i) {
    const auto reason = static_cast<v1::LostReason>(type.value(i)->number());
    DealWorld losing = WithPipeline().Do(Create());
    v1::LoseDealRequest lose = LoseFor(world.pipeline().lost_reasons(i - 1).lost_reason_id());
    lose.set_notes("They moved away.");
    losing.Do(lose);
    EXPECT_EQ(losing.deal().lost_reason(), reason) << "in the same order";
  }
}

TEST(LostReason, IsAddedRenamedAndArchived) {
  DealWorld world = WithPipeline().Do(Add("no-parking"));
  ASSERT_EQ(world.pipeline().lost_reasons_size(), 10);
  EXPECT_EQ(world.pipeline().lost_reasons(9).name(), ReasonNamed("no-parking"));
  EXPECT_EQ(OutcomeOf(world.Try(Add("no-parking"))), "LOST_REASON_EXISTS");

  v1::UpdateLostReasonRequest rename;
  rename.mutable_lost_reason()->set_name(ReasonNamed("no-parking"));
  rename.mutable_lost_reason()->set_display_name("No parking");
  world.Do(rename);
  EXPECT_EQ(world.pipeline().lost_reasons(9).display_name(), "No parking");
  EXPECT_EQ(OutcomeOf(world.Try(rename)), "nothing");
  rename.mutable_lost_reason()->set_lost_reason_id("other");
  EXPECT_EQ(OutcomeOf(world.Try(rename)), "INVALID_UPDATE_MASK");
  rename.mutable_lost_reason()->set_name(ReasonNamed("what"));
  EXPECT_EQ(OutcomeOf(world.Try(rename)), "LOST_REASON_NOT_FOUND");

  world.Do(ArchiveReason("no-parking"));
  EXPECT_TRUE(world.pipeline().lost_reasons(9).archived());
  EXPECT_EQ(OutcomeOf(world.Try(ArchiveReason("no-parking"))), "nothing");
  EXPECT_EQ(OutcomeOf(world.Try(ArchiveReason("what"))), "LOST_REASON_NOT_FOUND");
}

TEST(LostReason, IsOneOfFifty) {
  DealWorld world = WithPipeline();
  for (int i = 9; i < 50; ++i) world.Do(Add(absl::StrCat("r", i)));
  EXPECT_EQ(OutcomeOf(world.Try(Add("one-more"))), "INVALID_FIELD");
}

TEST(LoseDeal, TakesOneOfThePipelinesOwnReasons) {
  DealWorld world = WithPipeline().Do(Add("no-parking")).Do(Create());
  EXPECT_EQ(OutcomeOf(world.Try(LoseFor("what"))), "LOST_REASON_NOT_FOUND");
  world.Do(LoseFor("no-parking"));
  EXPECT_EQ(world.deal().pipeline_lost_reason(), ReasonNamed("no-parking"));
  EXPECT_EQ(world.deal().lost_reason(), v1::OTHER_REASON);
  EXPECT_EQ(OutcomeOf(world.Try(LoseFor("no-parking"))), "nothing") << "a repeat";
  EXPECT_EQ(OutcomeOf(world.Try(LoseFor("pricing"))), "DEAL_CLOSED");
  world.Do(ArchiveReason("no-parking"));
  EXPECT_EQ(world.deal().pipeline_lost_reason(), ReasonNamed("no-parking"));
  world.Do(Reopen());
  EXPECT_EQ(world.deal().pipeline_lost_reason(), "");
  EXPECT_EQ(OutcomeOf(world.Try(LoseFor("no-parking"))), "LOST_REASON_ARCHIVED");
}

TEST(LoseDeal, SaysItInBothWords) {
  DealWorld world = WithPipeline().Do(Create()).Do(Lose(v1::LONG_CYCLE));
  EXPECT_EQ(world.deal().pipeline_lost_reason(), ReasonNamed("long-cycle"));
  world.Do(Reopen()).Do(ArchiveReason("long-cycle")).Do(Lose(v1::LONG_CYCLE));
  EXPECT_EQ(world.deal().pipeline_lost_reason(), "");
  EXPECT_EQ(world.deal().lost_reason(), v1::LONG_CYCLE);
}

TEST(LoseDeal, NeedsAReason) {
  DealWorld world = WithPipeline().Do(Create());
  EXPECT_EQ(OutcomeOf(world.Try(Lose(v1::LOST_REASON_UNSPECIFIED))), "INVALID_FIELD");
  world.Do(ArchiveReason("pricing"));
  EXPECT_EQ(OutcomeOf(world.Try(Lose(v1::PRICING))), "events");
  world.Do(RequireReason(true));
  EXPECT_EQ(OutcomeOf(world.Try(Lose(v1::PRICING))), "LOST_REASON_REQUIRED");
  EXPECT_EQ(OutcomeOf(world.Try(Lose(v1::LOST_REASON_UNSPECIFIED))), "LOST_REASON_REQUIRED");
  EXPECT_EQ(OutcomeOf(world.Try(Lose(v1::BUDGET))), "events") << "the pipeline has one for it";
  EXPECT_EQ(OutcomeOf(world.Try(LoseFor("poor-fit"))), "events");
}

TEST(LostReason, IsThereWhereLossesNeedOne) {
  DealWorld world = WithPipeline().Do(RequireReason(true));
  for (int i = 1; i < 9; ++i) {
    world.Do(ArchiveReason(world.pipeline().lost_reasons(i).lost_reason_id()));
  }
  EXPECT_EQ(OutcomeOf(world.Try(ArchiveReason("pricing"))), "LOST_REASON_REQUIRED");
  world.Do(RequireReason(false)).Do(ArchiveReason("pricing"));
  EXPECT_EQ(OutcomeOf(world.Try(RequireReason(true))), "INVALID_FIELD");
}

}  // namespace
}  // namespace kith::deals
