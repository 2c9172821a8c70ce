#include "services/deals/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/services/deals/deal_world.h"

namespace kith::deals {
namespace {

using ::testing::ElementsAre;

v1::Stage StageOf(const std::string& id, v1::StageKind kind = v1::STAGE_KIND_UNSPECIFIED) {
  v1::Stage stage;
  stage.set_stage_id(id);
  stage.set_display_name(id);
  stage.set_probability(50);
  stage.set_kind(kind);
  return stage;
}

v1::CreatePipelineRequest CreateWith(const std::vector<v1::Stage>& stages) {
  v1::CreatePipelineRequest command;
  command.set_pipeline_id("short");
  command.mutable_pipeline()->set_display_name("Short");
  for (const v1::Stage& stage : stages) *command.mutable_pipeline()->add_stages() = stage;
  return command;
}

v1::AddStageRequest Add(const std::string& id, const std::string& before = "") {
  v1::AddStageRequest command;
  command.set_pipeline(std::string(kDefaultPipeline));
  *command.mutable_stage() = StageOf(id);
  command.set_before(before);
  return command;
}

v1::UpdateStageRequest Change(const std::string& id) {
  v1::UpdateStageRequest command;
  command.mutable_stage()->set_name(StageNamed(id));
  return command;
}

v1::ReorderStagesRequest Reorder(const std::vector<std::string>& ids) {
  v1::ReorderStagesRequest command;
  command.set_pipeline(std::string(kDefaultPipeline));
  for (const std::string& id : ids) command.add_stages(StageNamed(id));
  return command;
}

v1::UpdatePipelineRequest RenamePipeline(const std::string& display_name) {
  v1::UpdatePipelineRequest command;
  command.mutable_pipeline()->set_name(std::string(kDefaultPipeline));
  command.mutable_pipeline()->set_display_name(display_name);
  return command;
}

TEST(DefaultPipeline, HasTheStagesAndProbabilitiesThatAreRecommended) {
  const DealWorld world = WithPipeline();
  EXPECT_THAT(StageIds(world.pipeline()),
              ElementsAre("new-lead", "contacted", "qualified", "proposal-sent", "negotiation",
                          "closed-won", "closed-lost"));
  std::vector<int> percents;
  for (const v1::Stage& stage : world.pipeline().stages()) percents.push_back(stage.probability());
  EXPECT_THAT(percents, ElementsAre(5, 15, 30, 60, 80, 100, 0));
  EXPECT_EQ(world.pipeline().stages(5).kind(), v1::WON_STAGE);
  EXPECT_EQ(world.pipeline().stages(6).kind(), v1::LOST_STAGE);
}

TEST(Pipeline, IsNotFoundByAnyCommandBeforeItIsCreated) {
  DealWorld world;
  EXPECT_EQ(OutcomeOf(world.Try(RenamePipeline("A"))), "PIPELINE_NOT_FOUND");
  EXPECT_EQ(OutcomeOf(world.Try(Add("demo"))), "PIPELINE_NOT_FOUND");
  EXPECT_EQ(OutcomeOf(world.Try(Change("qualified"))), "PIPELINE_NOT_FOUND");
  EXPECT_EQ(OutcomeOf(world.Try(Archive(StageNamed("qualified")))), "PIPELINE_NOT_FOUND");
  EXPECT_EQ(OutcomeOf(world.Try(Reorder({"qualified"}))), "PIPELINE_NOT_FOUND");
}

TEST(CreatePipeline, PutsTheClosedStagesLastAndSettlesWhatTheyMean) {
  DealWorld world;
  world.Do(CreateWith({StageOf("lost", v1::LOST_STAGE), StageOf("talk"),
                       StageOf("won", v1::WON_STAGE), StageOf("offer")}));
  EXPECT_EQ(world.pipeline().name(), "pipelines/short");
  EXPECT_THAT(StageIds(world.pipeline()), ElementsAre("talk", "offer", "won", "lost"));
  EXPECT_EQ(world.pipeline().stages(0).name(), "pipelines/short/stages/talk");
  EXPECT_EQ(world.pipeline().stages(0).kind(), v1::OPEN_STAGE);
  EXPECT_EQ(world.pipeline().stages(0).probability(), 50);
  EXPECT_EQ(world.pipeline().stages(2).probability(), 100);
  EXPECT_EQ(world.pipeline().stages(3).probability(), 0);
}

TEST(CreatePipeline, RejectsStagesThatDoNotMakeAPipeline) {
  const v1::Stage talk = StageOf("talk");
  const v1::Stage won = StageOf("won", v1::WON_STAGE);
  const v1::Stage lost = StageOf("lost", v1::LOST_STAGE);
  EXPECT_EQ(OutcomeOf(DealWorld().Try(CreateWith({talk, won}))), "STAGE_REQUIRED");
  EXPECT_EQ(OutcomeOf(DealWorld().Try(CreateWith({talk, lost}))), "STAGE_REQUIRED");
  EXPECT_EQ(OutcomeOf(DealWorld().Try(CreateWith({won, lost}))), "STAGE_REQUIRED");
  EXPECT_EQ(
      OutcomeOf(DealWorld().Try(CreateWith({talk, won, lost, StageOf("won2", v1::WON_STAGE)}))),
      "STAGE_REQUIRED");
  EXPECT_EQ(OutcomeOf(DealWorld().Try(CreateWith({talk, talk, won, lost}))), "STAGE_EXISTS");
}

TEST(CreatePipeline, RejectsAnIdThatIsTaken) {
  v1::CreatePipelineRequest command =
      CreateWith({StageOf("a"), StageOf("b", v1::WON_STAGE), StageOf("c", v1::LOST_STAGE)});
  DealWorld world;
  EXPECT_EQ(OutcomeOf(world.Do(command).Try(command)), "PIPELINE_EXISTS");
}

TEST(UpdatePipeline, ChangesTheDisplayNameOnly) {
  DealWorld world = WithPipeline().Do(RenamePipeline("New business"));
  EXPECT_EQ(world.pipeline().display_name(), "New business");
  EXPECT_EQ(world.pipeline().stages_size(), 7);
  EXPECT_EQ(OutcomeOf(world.Try(RenamePipeline("New business"))), "nothing");

  v1::UpdatePipelineRequest stages = RenamePipeline("B");
  stages.mutable_update_mask()->add_paths("stages");
  EXPECT_EQ(OutcomeOf(world.Try(stages)), "INVALID_UPDATE_MASK");
  v1::UpdatePipelineRequest outdated = RenamePipeline("B");
  outdated.mutable_pipeline()->set_etag("1");
  EXPECT_EQ(OutcomeOf(world.Try(outdated)), "ETAG_MISMATCH");
}

TEST(AddStage, GoesBehindTheOpenStages) {
  const DealWorld world = WithPipeline().Do(Add("contract"));
  EXPECT_EQ(StageIds(world.pipeline())[5], "contract");
}

TEST(AddStage, GoesBeforeTheStageAskedFor) {
  const DealWorld world = WithPipeline().Do(Add("demo", StageNamed("qualified")));
  EXPECT_EQ(StageIds(world.pipeline())[2], "demo");
}

TEST(AddStage, NeverGoesBetweenTheClosedStages) {
  const DealWorld world = WithPipeline().Do(Add("late", StageNamed("closed-lost")));
  EXPECT_EQ(StageIds(world.pipeline())[5], "late");
}

TEST(AddStage, RejectsWhatWouldNotBeAPipeline) {
  DealWorld world = WithPipeline().Do(Archive(StageNamed("contacted")));
  EXPECT_EQ(OutcomeOf(world.Try(Add("qualified"))), "STAGE_EXISTS");
  EXPECT_EQ(OutcomeOf(world.Try(Add("contacted"))), "STAGE_EXISTS") << "archived, and kept";
  EXPECT_EQ(OutcomeOf(world.Try(Add("demo", StageNamed("missing")))), "STAGE_NOT_FOUND");
  EXPECT_EQ(OutcomeOf(world.Try(Add("demo", "pipelines/other/stages/a"))),
            "STAGE_OF_OTHER_PIPELINE");
  v1::AddStageRequest second_won = Add("won2");
  second_won.mutable_stage()->set_kind(v1::WON_STAGE);
  EXPECT_EQ(OutcomeOf(world.Try(second_won)), "STAGE_REQUIRED");
}

TEST(UpdateStage, ChangesAnOpenStagesSettings) {
  v1::UpdateStageRequest command = Change("qualified");
  command.mutable_stage()->set_probability(45);
  command.mutable_stage()->set_rot_days(10);
  DealWorld world = WithPipeline().Do(command);
  EXPECT_EQ(world.pipeline().stages(2).probability(), 45);
  EXPECT_EQ(world.pipeline().stages(2).rot_days(), 10);
  EXPECT_EQ(world.pipeline().stages(2).display_name(), "Qualified");
  EXPECT_EQ(OutcomeOf(world.Try(command)), "nothing");
}

TEST(UpdateStage, ChangesOnlyTheNameOfAClosedStage) {
  DealWorld world = WithPipeline();
  v1::UpdateStageRequest command = Change("closed-won");
  command.mutable_stage()->set_display_name("Signed");
  world.Do(command);
  EXPECT_EQ(world.pipeline().stages(5).display_name(), "Signed");
  command.mutable_stage()->set_probability(90);
  EXPECT_EQ(OutcomeOf(world.Try(command)), "STAGE_NOT_OPEN");
}

TEST(UpdateStage, NeverChangesWhatAStageIs) {
  DealWorld world = WithPipeline();
  v1::UpdateStageRequest kind = Change("qualified");
  kind.mutable_stage()->set_kind(v1::WON_STAGE);
  EXPECT_EQ(OutcomeOf(world.Try(kind)), "INVALID_UPDATE_MASK");
  v1::UpdateStageRequest id = Change("qualified");
  id.mutable_stage()->set_stage_id("other");
  EXPECT_EQ(OutcomeOf(world.Try(id)), "INVALID_UPDATE_MASK");
  EXPECT_EQ(OutcomeOf(world.Try(Change("missing"))), "STAGE_NOT_FOUND");
}

TEST(ArchiveStage, KeepsTheStageAndItsPlace) {
  DealWorld world = WithPipeline().Do(Archive(StageNamed("contacted")));
  EXPECT_TRUE(world.pipeline().stages(1).archived());
  EXPECT_EQ(world.pipeline().stages_size(), 7);
  EXPECT_EQ(OutcomeOf(world.Try(Archive(StageNamed("contacted")))), "nothing");
}

TEST(ArchiveStage, RejectsAStageThatThePipelineNeeds) {
  DealWorld world = WithPipeline();
  EXPECT_EQ(OutcomeOf(world.Try(Archive(StageNamed("closed-won")))), "STAGE_REQUIRED");
  EXPECT_EQ(OutcomeOf(world.Try(Archive(StageNamed("closed-lost")))), "STAGE_REQUIRED");
  EXPECT_EQ(OutcomeOf(world.Try(Archive(StageNamed("missing")))), "STAGE_NOT_FOUND");
  for (const char* id : {"new-lead", "contacted", "qualified", "proposal-sent"}) {
    world.Do(Archive(StageNamed(id)));
  }
  EXPECT_EQ(OutcomeOf(world.Try(Archive(StageNamed("negotiation")))), "STAGE_REQUIRED");
}

TEST(ReorderStages, GivesTheOpenStagesAnotherOrder) {
  const DealWorld world =
      WithPipeline().Do(Reorder({"negotiation", "new-lead", "proposal-sent", "contacted",
                                 "qualified", "closed-won", "closed-lost"}));
  EXPECT_THAT(StageIds(world.pipeline()),
              ElementsAre("negotiation", "new-lead", "proposal-sent", "contacted", "qualified",
                          "closed-won", "closed-lost"));
}

TEST(ReorderStages, RejectsWhatIsNotAnOrderOfTheStages) {
  DealWorld world = WithPipeline();
  const auto outcome = [&](const std::vector<std::string>& ids) {
    return OutcomeOf(world.Try(Reorder(ids)));
  };
  EXPECT_EQ(outcome({"new-lead", "contacted", "qualified", "proposal-sent", "negotiation",
                     "closed-won", "closed-lost"}),
            "nothing");
  EXPECT_EQ(outcome({"new-lead", "closed-won", "closed-lost"}), "INVALID_FIELD");
  EXPECT_EQ(outcome({"new-lead", "new-lead", "qualified", "proposal-sent", "negotiation",
                     "closed-won", "closed-lost"}),
            "INVALID_FIELD");
  EXPECT_EQ(outcome({"closed-won", "new-lead", "contacted", "qualified", "proposal-sent",
                     "negotiation", "closed-lost"}),
            "INVALID_FIELD");
  EXPECT_EQ(outcome({"new-lead", "missing"}), "STAGE_NOT_FOUND");
}

TEST(Pipeline, RefusesEveryCommandWithAnOutdatedEtag) {
  DealWorld world = WithPipeline();
  const auto outcome = [&](auto command, const std::string& etag) {
    command.set_etag(etag);
    return OutcomeOf(world.Try(command));
  };
  v1::UpdateStageRequest change = Change("qualified");
  change.mutable_stage()->set_probability(31);
  const v1::ReorderStagesRequest reorder =
      Reorder({"contacted", "new-lead", "qualified", "proposal-sent", "negotiation", "closed-won",
               "closed-lost"});
  for (const auto& [etag, expected] :
       {std::pair("7", "ETAG_MISMATCH"), std::pair("1", "events"), std::pair("", "events")}) {
    v1::UpdatePipelineRequest rename = RenamePipeline("Another");
    rename.mutable_pipeline()->set_etag(etag);
    EXPECT_EQ(OutcomeOf(world.Try(rename)), expected);
    EXPECT_EQ(outcome(Add("demo"), etag), expected);
    EXPECT_EQ(outcome(change, etag), expected);
    EXPECT_EQ(outcome(Archive(StageNamed("qualified")), etag), expected);
    EXPECT_EQ(outcome(reorder, etag), expected);
  }
}

}  // namespace
}  // namespace kith::deals
