#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "google/protobuf/util/message_differencer.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/deals/v1/pipelines_service.grpc.pb.h"
#include "tests/services/deals/deal_world.h"
#include "tests/testing/test_server.h"

namespace kith::deals {
namespace {

using DealsStub = v1::DealsService::Stub;
using PipelinesStub = v1::PipelinesService::Stub;
using google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using testing::TestServer;

class PipelinesServiceTest : public ::testing::Test {
 protected:
  v1::Pipeline Read() {
    v1::GetPipelineRequest request;
    request.set_name(std::string(kDefaultPipeline));
    const auto reply = server_.Call(&PipelinesStub::GetPipeline, request);
    EXPECT_EQ(reply.reason(), "");
    return reply.response;
  }

  TestServer server_;
};

TEST_F(PipelinesServiceTest, FindsTheDefaultPipelineInANewWorkspace) {
  EXPECT_THAT(StageIds(Read()), ElementsAre("new-lead", "contacted", "qualified", "proposal-sent",
                                            "negotiation", "closed-won", "closed-lost"));
}

TEST_F(PipelinesServiceTest, ReadsWhatEachCommandAnswered) {
  v1::AddStageRequest add;
  add.set_pipeline(std::string(kDefaultPipeline));
  add.mutable_stage()->set_stage_id("demo");
  add.mutable_stage()->set_display_name("Demo");
  add.set_before(StageNamed("proposal-sent"));
  const auto added = server_.Call(&PipelinesStub::AddStage, add);
  ASSERT_EQ(added.reason(), "");
  EXPECT_TRUE(MessageDifferencer::Equals(Read(), added.response));

  v1::UpdateStageRequest update;
  update.mutable_stage()->set_name(StageNamed("demo"));
  update.mutable_stage()->set_probability(40);
  const auto updated = server_.Call(&PipelinesStub::UpdateStage, update);
  ASSERT_EQ(updated.reason(), "");
  EXPECT_EQ(updated->stages(3).probability(), 40);
  EXPECT_TRUE(MessageDifferencer::Equals(Read(), updated.response));

  const auto archived = server_.Call(&PipelinesStub::ArchiveStage, Archive(StageNamed("demo")));
  ASSERT_EQ(archived.reason(), "");
  EXPECT_TRUE(archived->stages(3).archived());

  v1::ReorderStagesRequest reorder;
  reorder.set_pipeline(std::string(kDefaultPipeline));
  for (const char* id : {"demo", "contacted", "new-lead", "qualified", "proposal-sent",
                         "negotiation", "closed-won", "closed-lost"}) {
    reorder.add_stages(StageNamed(id));
  }
  ASSERT_EQ(server_.Call(&PipelinesStub::ReorderStages, reorder).reason(), "");

  v1::UpdatePipelineRequest rename;
  rename.mutable_pipeline()->set_name(std::string(kDefaultPipeline));
  rename.mutable_pipeline()->set_display_name("New business");
  rename.mutable_pipeline()->set_etag("5");
  const auto renamed = server_.Call(&PipelinesStub::UpdatePipeline, rename);
  ASSERT_EQ(renamed.reason(), "");
  EXPECT_EQ(StageIds(renamed.response)[0], "demo");
  EXPECT_TRUE(MessageDifferencer::Equals(Read(), renamed.response));
}

TEST_F(PipelinesServiceTest, ReportsEveryViolationInTheStages) {
  v1::CreatePipelineRequest create;
  create.set_pipeline_id("-short");
  create.mutable_pipeline()->set_display_name("Short");
  create.mutable_pipeline()->add_stages()->set_display_name("No id");
  create.mutable_pipeline()->add_stages()->set_stage_id("no-name");
  create.mutable_pipeline()->mutable_stages(1)->set_probability(-1);
  const auto reply = server_.Call(&PipelinesStub::CreatePipeline, create);
  EXPECT_EQ(reply.reason(), "INVALID_FIELD");
  EXPECT_THAT(reply.fields(),
              ::testing::UnorderedElementsAre("pipeline_id", "pipeline.stages[0].stage_id",
                                              "pipeline.stages[1].display_name",
                                              "pipeline.stages[1].probability"));
}

TEST_F(PipelinesServiceTest, ListsPipelinesByDisplayName) {
  v1::ListPipelinesRequest request;
  request.set_filter(R"(display_name = "sal*")");
  const auto reply = server_.Call(&PipelinesStub::ListPipelines, request);
  ASSERT_EQ(reply.reason(), "");
  ASSERT_EQ(reply->pipelines_size(), 1);
  EXPECT_EQ(reply->pipelines(0).name(), kDefaultPipeline);
}

TEST_F(PipelinesServiceTest, AbortsAStageCommandWithAnOutdatedEtag) {
  const std::string etag = Read().etag();
  v1::ArchiveStageRequest archive = Archive(StageNamed("contacted"));
  archive.set_etag(etag);
  ASSERT_EQ(server_.Call(&PipelinesStub::ArchiveStage, archive).reason(), "");
  archive.set_stage(StageNamed("qualified"));
  const auto reply = server_.Call(&PipelinesStub::ArchiveStage, archive);
  EXPECT_EQ(reply.reason(), "ETAG_MISMATCH");
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(reply.metadata("expected"), etag);
  EXPECT_EQ(reply.metadata("actual"), Read().etag());
}

// Goal: of a deleted pipeline nothing is there that deals or boards would stand on, and the deals
// of a workspace whose first pipeline is gone go where they say.
TEST_F(PipelinesServiceTest, TakesNothingInAPipelineThatWasDeleted) {
  v1::DeletePipelineRequest remove;
  remove.set_name(std::string(kDefaultPipeline));
  ASSERT_EQ(server_.Call(&DealsStub::CreateDeal, Create()).reason(), "");
  ASSERT_EQ(server_.Call(&DealsStub::WinDeal, Win()).reason(), "");
  const auto refused = server_.Call(&PipelinesStub::DeletePipeline, remove);
  EXPECT_EQ(refused.reason(), "STILL_LINKED") << "a won deal stands in it";
  EXPECT_EQ(refused.metadata("records"), kDeal);
  ASSERT_EQ(server_.Call(&DealsStub::DeleteDeal, Delete()).reason(), "");
  ASSERT_EQ(server_.Call(&PipelinesStub::DeletePipeline, remove).reason(), "");

  v1::CreateDealRequest create = Create();
  create.set_deal_id("d2");
  EXPECT_EQ(server_.Call(&DealsStub::CreateDeal, create).reason(), "PIPELINE_NOT_FOUND");
  EXPECT_EQ(server_.Call(&DealsStub::GetPipelineBoard, v1::GetPipelineBoardRequest()).reason(),
            "PIPELINE_NOT_FOUND");
  EXPECT_EQ(server_.Call(&PipelinesStub::ArchiveStage, Archive(StageNamed("contacted"))).reason(),
            "PIPELINE_NOT_FOUND");
  v1::UndeletePipelineRequest undelete;
  undelete.set_name(std::string(kDefaultPipeline));
  EXPECT_EQ(server_.Call(&PipelinesStub::UndeletePipeline, undelete)->stages_size(), 7);
  EXPECT_EQ(server_.Call(&DealsStub::CreateDeal, create).reason(), "");
}

}  // namespace
}  // namespace kith::deals
