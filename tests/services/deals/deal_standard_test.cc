// What deals and pipelines have as every resource does, where ids that clients choose and the
// pipeline that a deal comes into being in make it their own; against a whole server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/deals/v1/pipelines_service.grpc.pb.h"
#include "kith/forecast/v1/forecast_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/services/deals/deal_world.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::deals {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using testing::Proto;
using testing::TestServer;
using DealsStub = v1::DealsService::Stub;
using PipelinesStub = v1::PipelinesService::Stub;

class DealStandardTest : public ::testing::Test {
 protected:
  v1::CreateDealRequest CreateNamed(const std::string& id, const std::string& stage = "") {
    v1::CreateDealRequest create = Create(stage);
    create.set_deal_id(id);
    return create;
  }
  v1::UpdateDealRequest Upsert(const std::string& id, const std::string& display_name) {
    v1::UpdateDealRequest update;
    update.mutable_deal()->set_name(absl::StrCat("deals/", id));
    update.mutable_deal()->set_display_name(display_name);
    update.set_allow_missing(true);
    return update;
  }
  // The names of all deals there are.
  std::vector<std::string> Names() {
    v1::ListDealsRequest list;
    list.set_order_by("display_name");
    const auto page = server_.Call(&DealsStub::ListDeals, list);
    EXPECT_EQ(page.reason(), "");
    std::vector<std::string> names;
    for (const v1::Deal& deal : page->deals()) names.push_back(deal.name());
    return names;
  }
  v1::PipelineBoard Board() {
    const auto board = server_.Call(&DealsStub::GetPipelineBoard, v1::GetPipelineBoardRequest());
    EXPECT_EQ(board.reason(), "");
    return board.response;
  }
  v1::BoardStage FirstStage() { return Board().stages(0); }
  std::string Forecast() {
    const auto forecast = server_.Call(&forecast::v1::ForecastService::Stub::QueryForecast,
                                       forecast::v1::QueryForecastRequest());
    EXPECT_EQ(forecast.reason(), "");
    return forecast->DebugString();
  }

  TestServer server_;
};

TEST_F(DealStandardTest, CreatesAllDealsOfABatchOrNone) {
  v1::BatchCreateDealsRequest batch;
  *batch.add_requests() = CreateNamed("a");
  *batch.add_requests() = CreateNamed("b", StageNamed("negotiation"));
  *batch.add_requests() = CreateNamed("c", StageNamed("closed-won"));
  const auto refused = server_.Call(&DealsStub::BatchCreateDeals, batch);
  EXPECT_EQ(refused.reason(), "STAGE_NOT_OPEN");
  EXPECT_THAT(Names(), IsEmpty());

  batch.mutable_requests()->RemoveLast();
  const auto created = server_.Call(&DealsStub::BatchCreateDeals, batch);
  ASSERT_EQ(created.reason(), "");
  ASSERT_EQ(created->deals_size(), 2);
  EXPECT_EQ(created->deals(0).stage(), StageNamed("new-lead"));
  EXPECT_EQ(created->deals(1).stage(), StageNamed("negotiation"));
  EXPECT_EQ(FirstStage().count(), 1);
}

TEST_F(DealStandardTest, RefusesAnIdThatTheBatchGaveBefore) {
  v1::BatchCreateDealsRequest batch;
  *batch.add_requests() = CreateNamed("a");
  *batch.add_requests() = CreateNamed("a");
  EXPECT_EQ(server_.Call(&DealsStub::BatchCreateDeals, batch).reason(), "DEAL_EXISTS");
  EXPECT_THAT(Names(), IsEmpty());

  batch.set_return_partial_success(true);
  const auto partly = server_.Call(&DealsStub::BatchCreateDeals, batch);
  ASSERT_EQ(partly.reason(), "");
  EXPECT_EQ(partly->deals_size(), 1);
  EXPECT_EQ(partly->failed_requests().size(), 1);
  EXPECT_EQ(partly->failed_requests().count(1), 1);
  EXPECT_THAT(Names(), ElementsAre("deals/a"));
}

TEST_F(DealStandardTest, CreatesTheDealThatAnUpdateMissesInItsPipeline) {
  const auto created = server_.Call(&DealsStub::UpdateDeal, Upsert("a", "Acme"));
  ASSERT_EQ(created.reason(), "");
  EXPECT_EQ(created->stage(), StageNamed("new-lead"));
  EXPECT_EQ(created->status(), v1::OPEN);
  v1::UpdateDealRequest elsewhere = Upsert("b", "Bolt");
  elsewhere.mutable_deal()->set_pipeline("pipelines/none");
  EXPECT_EQ(server_.Call(&DealsStub::UpdateDeal, elsewhere).reason(), "PIPELINE_NOT_FOUND");
}

// Goal: what shows deals shows one that came back as if it had never been gone, in the stage, the
// forecast and the order it had.
TEST_F(DealStandardTest, ShowsADealThatCameBackWhereItWas) {
  v1::CreateDealRequest create = CreateNamed("d1", StageNamed("qualified"));
  create.mutable_deal()->mutable_expected_close_date()->set_year(2023);
  create.mutable_deal()->mutable_expected_close_date()->set_month(12);
  create.mutable_deal()->mutable_expected_close_date()->set_day(1);
  ASSERT_EQ(server_.Call(&DealsStub::CreateDeal, create).reason(), "");
  const v1::PipelineBoard board = Board();
  const std::string forecast = Forecast();
  v1::GetDealRequest get;
  get.set_name(kDeal);
  const v1::Deal before = server_.Call(&DealsStub::GetDeal, get).response;

  ASSERT_EQ(server_.Call(&DealsStub::DeleteDeal, Delete()).reason(), "");
  EXPECT_EQ(Board().stages(2).count(), 0);
  EXPECT_NE(Forecast(), forecast);

  v1::UndeleteDealRequest undelete;
  undelete.set_name(kDeal);
  const auto back = server_.Call(&DealsStub::UndeleteDeal, undelete);
  ASSERT_EQ(back.reason(), "");
  v1::Deal after = server_.Call(&DealsStub::GetDeal, get).response;
  after.set_etag(before.etag());
  *after.mutable_update_time() = before.update_time();
  *after.mutable_last_activity_time() = before.last_activity_time();
  EXPECT_EQ(after.DebugString(), before.DebugString());
  EXPECT_EQ(Board().stages(2).count(), 1);
  EXPECT_EQ(Board().stages(2).DebugString(), board.stages(2).DebugString());
  EXPECT_EQ(Forecast(), forecast);
  ASSERT_EQ(server_.Call(&DealsStub::MoveDeal, Move(StageNamed("negotiation"))).reason(), "");
  EXPECT_EQ(Board().stages(4).count(), 1);
}

TEST_F(DealStandardTest, DecidesEachUpdateOfABatchOnWhatTheEarlierOnesMake) {
  v1::BatchUpdateDealsRequest batch;
  *batch.add_requests() = Upsert("a", "First");
  *batch.add_requests() = Upsert("a", "Second");
  const auto reply = server_.Call(&DealsStub::BatchUpdateDeals, batch);
  ASSERT_EQ(reply.reason(), "");
  EXPECT_EQ(reply->deals(1).display_name(), "Second");
  EXPECT_THAT(Names(), ElementsAre("deals/a"));
}

// What changed, by field, of each revision; the last one first.
template <class Page>
std::vector<std::pair<std::string, std::vector<std::string>>> Told(const Page& page) {
  std::vector<std::pair<std::string, std::vector<std::string>>> told;
  for (const auto& revision : page.revisions()) {
    const auto& paths = revision.revision().changed().paths();
    told.push_back({revision.revision().type(), {paths.begin(), paths.end()}});
  }
  return told;
}

TEST_F(DealStandardTest, TellsTheMovesOfADealAsRevisions) {
  ASSERT_EQ(server_.Call(&DealsStub::CreateDeal, CreateNamed("d1")).reason(), "");
  ASSERT_EQ(server_.Call(&DealsStub::MoveDeal, Move(StageNamed("qualified"))).reason(), "");
  ASSERT_EQ(server_.Call(&DealsStub::LoseDeal, Lose()).reason(), "");
  v1::ListDealRevisionsRequest ask;
  ask.set_name(kDeal);
  const auto page = server_.Call(&DealsStub::ListDealRevisions, ask);
  ASSERT_EQ(page.reason(), "");
  EXPECT_THAT(
      Told(page.response),
      ElementsAre(Pair("deal_lost", ElementsAre("stage", "status", "lost_reason", "close_time",
                                                "pipeline_lost_reason")),
                  Pair("deal_stage_changed", ElementsAre("stage")),
                  Pair("deal_created", ElementsAre("display_name", "pipeline", "stage", "status",
                                                   "amount", "stage_enter_time", "position"))));
  EXPECT_EQ(page->revisions(1).before().stage(), StageNamed("new-lead"));
  EXPECT_EQ(page->revisions(1).after().stage(), StageNamed("qualified"));
  ask.set_field("lost_reason");
  EXPECT_EQ(server_.Call(&DealsStub::ListDealRevisions, ask)->revisions_size(), 1);
}

TEST_F(DealStandardTest, TellsNoRevisionOfAnAmountToWhoMayReadNone) {
  ASSERT_EQ(server_.Call(&DealsStub::CreateDeal, CreateNamed("d1")).reason(), "");
  v1::UpdateDealRequest update;
  update.mutable_deal()->set_name(kDeal);
  *update.mutable_deal()->mutable_amount() = Euros(77);
  update.mutable_update_mask()->add_paths("amount");
  ASSERT_EQ(server_.Call(&DealsStub::UpdateDeal, update).reason(), "");
  ASSERT_EQ(server_.Call(&DealsStub::MoveDeal, Move(StageNamed("qualified"))).reason(), "");
  roles::v1::CreateRoleRequest role;
  *role.mutable_role() = Proto<roles::v1::Role>(
      "display_name: 'Reader' grants { permission: 'deals.read' scope: ALL }");
  users::v1::CreateUserRequest user;
  user.mutable_user()->set_display_name("Marta");
  user.mutable_user()->add_roles(
      server_.Call(&roles::v1::RolesService::Stub::CreateRole, role)->name());
  workspaces::v1::CreateApiKeyRequest key;
  key.mutable_api_key()->set_display_name("Marta's");
  key.mutable_api_key()->set_user(
      server_.Call(&users::v1::UsersService::Stub::CreateUser, user)->name());
  key.mutable_api_key()->add_permissions("*");
  const std::string secret =
      server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
  v1::ListDealRevisionsRequest ask;
  ask.set_name(kDeal);
  EXPECT_EQ(server_.Call(&DealsStub::ListDealRevisions, ask)->revisions_size(), 3);
  EXPECT_THAT(
      Told(server_.CallWith(secret, &DealsStub::ListDealRevisions, ask).response),
      ElementsAre(Pair("deal_stage_changed", ElementsAre("stage")),
                  Pair("deal_created", ElementsAre("display_name", "pipeline", "stage", "status",
                                                   "stage_enter_time", "position"))));
}

TEST_F(DealStandardTest, TellsWhatBecameOfAPipelinesStages) {
  ASSERT_EQ(server_.Call(&PipelinesStub::ArchiveStage, Archive(StageNamed("contacted"))).reason(),
            "");
  v1::ListPipelineRevisionsRequest ask;
  ask.set_name(std::string(kDefaultPipeline));
  const auto page = server_.Call(&PipelinesStub::ListPipelineRevisions, ask);
  ASSERT_EQ(page.reason(), "");
  EXPECT_THAT(
      Told(page.response),
      ElementsAre(Pair("stage_archived", ElementsAre("stages")),
                  Pair("pipeline_created", ElementsAre("display_name", "stages", "lost_reasons"))));
  EXPECT_FALSE(page->revisions(0).before().stages(1).archived());
  EXPECT_TRUE(page->revisions(0).after().stages(1).archived());
}

TEST_F(DealStandardTest, CreatesThePipelineThatAnUpdateMissesAndMaySayItAgain) {
  auto upsert = Proto<v1::UpdatePipelineRequest>(R"pb(
    pipeline {
      name: "pipelines/short"
      display_name: "Short"
      stages { stage_id: "a" display_name: "A" }
      stages { stage_id: "won" display_name: "Won" kind: WON_STAGE }
      stages { stage_id: "lost" display_name: "Lost" kind: LOST_STAGE }
    }
    allow_missing: true)pb");
  const auto created = server_.Call(&PipelinesStub::UpdatePipeline, upsert);
  ASSERT_EQ(created.reason(), "");
  EXPECT_EQ(created->stages(0).name(), "pipelines/short/stages/a");
  EXPECT_EQ(created->stages(1).probability(), 100);
  upsert.mutable_pipeline()->set_display_name("Shorter");
  const auto changed = server_.Call(&PipelinesStub::UpdatePipeline, upsert);
  ASSERT_EQ(changed.reason(), "") << "the stages are passed over";
  EXPECT_EQ(changed->display_name(), "Shorter");
  EXPECT_EQ(changed->stages_size(), 3);
}

}  // namespace
}  // namespace kith::deals
