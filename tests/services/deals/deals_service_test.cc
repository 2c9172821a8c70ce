#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "google/protobuf/util/message_differencer.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/deals/v1/pipelines_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "tests/services/deals/deal_world.h"
#include "tests/testing/test_server.h"

namespace kith::deals {
namespace {

using DealsStub = v1::DealsService::Stub;
using PipelinesStub = v1::PipelinesService::Stub;
using google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using testing::Reply;
using testing::TestServer;

v1::GetDealRequest Get(const std::string& name = kDeal) {
  v1::GetDealRequest request;
  request.set_name(name);
  return request;
}

// A pipeline of the open stages "a" and "b".
v1::CreatePipelineRequest ShortPipeline(const std::string& id) {
  v1::CreatePipelineRequest request;
  request.set_pipeline_id(id);
  request.mutable_pipeline()->set_display_name(id);
  const std::pair<const char*, v1::StageKind> stages[] = {{"a", v1::OPEN_STAGE},
                                                          {"b", v1::OPEN_STAGE},
                                                          {"won", v1::WON_STAGE},
                                                          {"lost", v1::LOST_STAGE}};
  for (const auto& [stage_id, kind] : stages) {
    v1::Stage& stage = *request.mutable_pipeline()->add_stages();
    stage.set_stage_id(stage_id);
    stage.set_display_name(stage_id);
    stage.set_kind(kind);
  }
  return request;
}

// Runs both on threads of their own; which one begins alternates, so that either comes first in
// some round.
void AtOnce(int round, const std::function<void()>& one, const std::function<void()>& other) {
  std::thread first(round % 2 == 0 ? one : other);
  std::thread second(round % 2 == 0 ? other : one);
  first.join();
  second.join();
}

class DealsServiceTest : public ::testing::Test {
 protected:
  // Where in the log the last event of a stream stands.
  Position LastPositionOf(const std::string& stream) {
    const auto head =
        server_.runtime().log.HeadOf(server_.workspace(), stream, eventstore::ReadTier::kDisk);
    return head.ok() ? head->position : Position();
  }
  v1::PipelineBoard Board(const type::v1::ReadOptions& read = {}) {
    v1::GetPipelineBoardRequest request;
    *request.mutable_read() = read;
    const auto reply = server_.Call(&DealsStub::GetPipelineBoard, request);
    EXPECT_EQ(reply.reason(), "");
    board_token_ = reply.token;
    board_sequence_ = reply.sequence;
    return reply.response;
  }

  std::string CreateUser() {
    users::v1::CreateUserRequest request;
    request.mutable_user()->set_display_name("Sam");
    const auto user = server_.Call(&users::v1::UsersService::Stub::CreateUser, request);
    EXPECT_EQ(user.reason(), "");
    return user->name();
  }
  std::string CreateContact() {
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name("Ada");
    const auto contact = server_.Call(&contacts::v1::ContactsService::Stub::CreateContact, request);
    EXPECT_EQ(contact.reason(), "");
    return contact->name();
  }
  void DeleteContact(const std::string& name) {
    contacts::v1::DeleteContactRequest request;
    request.set_name(name);
    EXPECT_EQ(server_.Call(&contacts::v1::ContactsService::Stub::DeleteContact, request).reason(),
              "");
  }
  void RecordInteraction(const std::string& parent, const std::vector<std::string>& links) {
    interactions::v1::RecordInteractionRequest request;
    request.set_parent(parent);
    request.mutable_interaction()->set_kind(interactions::v1::CALL);
    for (const std::string& link : links) request.mutable_interaction()->add_links(link);
    EXPECT_EQ(server_.Call(&interactions::v1::InteractionsService::Stub::RecordInteraction, request)
                  .reason(),
              "");
  }

  TestServer server_;
  std::string board_token_;
  std::string board_sequence_;
};

TEST_F(DealsServiceTest, ReadsWhatACommandAnswered) {
  const auto created = server_.Call(&DealsStub::CreateDeal, Create());
  ASSERT_EQ(created.reason(), "");
  EXPECT_EQ(created->stage_intervals_size(), 0) << "only reads tell them";
  auto got = server_.Call(&DealsStub::GetDeal, Get());
  ASSERT_EQ(got.reason(), "");
  EXPECT_EQ(got->stage_intervals_size(), 1);
  got.response.clear_stage_intervals();
  got.response.clear_last_activity_time();
  EXPECT_TRUE(MessageDifferencer::Equals(got.response, created.response));
}

TEST_F(DealsServiceTest, AnswersARepeatedRequestAsTheFirstTime) {
  v1::CreateDealRequest create = Create();
  create.clear_deal_id();
  create.set_request_id("once");
  const auto first = server_.Call(&DealsStub::CreateDeal, create);
  v1::MoveDealRequest move = Move(StageNamed("qualified"));
  move.set_name(first->name());
  ASSERT_EQ(server_.Call(&DealsStub::MoveDeal, move).reason(), "");
  const auto again = server_.Call(&DealsStub::CreateDeal, create);
  EXPECT_TRUE(MessageDifferencer::Equals(again.response, first.response));
}

TEST_F(DealsServiceTest, ListsDealsByFilterPageByPage) {
  for (int i = 0; i < 5; ++i) {
    v1::CreateDealRequest create = Create(StageNamed(i % 2 == 0 ? "qualified" : "contacted"));
    create.set_deal_id(absl::StrCat("d", i));
    create.mutable_deal()->set_display_name(absl::StrCat("Deal ", 9 - i));
    ASSERT_EQ(server_.Call(&DealsStub::CreateDeal, create).reason(), "");
  }
  v1::ListDealsRequest request;
  request.set_filter(absl::StrCat("stage = \"", StageNamed("qualified"), "\""));
  request.set_order_by("display_name");
  request.set_page_size(2);
  std::vector<std::string> names;
  do {
    const auto page = server_.Call(&DealsStub::ListDeals, request);
    ASSERT_EQ(page.reason(), "");
    for (const v1::Deal& deal : page->deals()) names.push_back(deal.name());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(names, ElementsAre("deals/d4", "deals/d2", "deals/d0"));
}

TEST_F(DealsServiceTest, RefusesToWinALostDealAndSaysWhatForbidsIt) {
  server_.Call(&DealsStub::CreateDeal, Create());
  ASSERT_EQ(server_.Call(&DealsStub::LoseDeal, Lose()).reason(), "");
  const auto won = server_.Call(&DealsStub::WinDeal, Win());
  EXPECT_EQ(won.reason(), "DEAL_CLOSED");
  EXPECT_EQ(won.status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(won.metadata("status"), "LOST");
  EXPECT_EQ(won.detail<google::rpc::PreconditionFailure>().violations(0).subject(), kDeal);
}

// Goal: a deal that was moved is its new pipeline's in every way: its boards, its lists, and the
// deletion of either.
TEST_F(DealsServiceTest, MovesADealToAnotherPipeline) {
  ASSERT_EQ(server_.Call(&PipelinesStub::CreatePipeline, ShortPipeline("short")).reason(), "");
  ASSERT_EQ(server_.Call(&PipelinesStub::CreatePipeline, ShortPipeline("other")).reason(), "");
  v1::CreateDealRequest create = Create("pipelines/other/stages/b");
  create.mutable_deal()->set_pipeline("pipelines/other");
  ASSERT_EQ(server_.Call(&DealsStub::CreateDeal, create).reason(), "");
  const auto moved = server_.Call(&DealsStub::MoveDeal, Move("pipelines/short/stages/a"));
  ASSERT_EQ(moved.reason(), "");
  EXPECT_EQ(moved->pipeline(), "pipelines/short");

  const auto got = server_.Call(&DealsStub::GetDeal, Get());
  ASSERT_EQ(got->stage_intervals_size(), 2);
  EXPECT_EQ(got->stage_intervals(0).stage(), "pipelines/other/stages/b");
  EXPECT_TRUE(got->stage_intervals(0).has_leave_time());
  v1::ListDealsRequest list;
  list.set_filter("pipeline = \"pipelines/short\"");
  EXPECT_EQ(server_.Call(&DealsStub::ListDeals, list)->deals_size(), 1);
  v1::GetPipelineBoardRequest board;
  board.set_pipeline("pipelines/short");
  EXPECT_EQ(server_.Call(&DealsStub::GetPipelineBoard, board)->stages(0).count(), 1);
  board.set_pipeline("pipelines/other");
  EXPECT_EQ(server_.Call(&DealsStub::GetPipelineBoard, board)->stages(1).count(), 0);

  v1::DeletePipelineRequest remove;
  remove.set_name("pipelines/short");
  EXPECT_EQ(server_.Call(&PipelinesStub::DeletePipeline, remove).reason(), "STILL_LINKED");
  remove.set_name("pipelines/other");
  EXPECT_EQ(server_.Call(&PipelinesStub::DeletePipeline, remove).reason(), "");
}

// Goal: the moves of a board show, and two who drag to one place at once get a place each.
TEST_F(DealsServiceTest, KeepsTheOrderInWhichDealsWerePut) {
  for (const char* id : {"a", "b", "c", "d"}) {
    v1::CreateDealRequest create = Create();
    create.set_deal_id(id);
    ASSERT_EQ(server_.Call(&DealsStub::CreateDeal, create).reason(), "");
    server_.clock().Advance(absl::Seconds(1));
  }
  const auto names = [&] {
    v1::ListDealsRequest list;
    list.set_filter(absl::StrCat("stage = \"", StageNamed("new-lead"), "\""));
    list.set_order_by("position");
    std::string told;
    const auto page = server_.Call(&DealsStub::ListDeals, list);
    EXPECT_EQ(page.reason(), "");
    for (const v1::Deal& deal : page->deals()) told += deal.name().substr(6);
    return told;
  };
  const auto put = [&](const std::string& id, const std::string& after, const std::string& before) {
    v1::MoveDealRequest move = Move(StageNamed("new-lead"));
    move.set_name("deals/" + id);
    if (!after.empty()) move.set_after("deals/" + after);
    if (!before.empty()) move.set_before("deals/" + before);
    return server_.Call(&DealsStub::MoveDeal, move).reason();
  };
  EXPECT_EQ(names(), "abcd");
  EXPECT_EQ(put("d", "a", "b"), "");
  EXPECT_EQ(names(), "adbc");
  EXPECT_EQ(put("c", "a", "d"), "");
  EXPECT_EQ(names(), "acdb");
  EXPECT_EQ(put("b", "", "a"), "");
  EXPECT_EQ(names(), "bacd");
  EXPECT_EQ(put("a", "d", ""), "");
  EXPECT_EQ(names(), "bcda");
  AtOnce(
      0, [&] { EXPECT_EQ(put("a", "b", "c"), ""); }, [&] { EXPECT_EQ(put("d", "b", "c"), ""); });
  const std::string settled = names();
  EXPECT_TRUE(settled == "badc" || settled == "bdac") << settled;
  server_.Restart(/*new_views=*/true);
  EXPECT_EQ(names(), settled);
  EXPECT_EQ(put("a", "a", ""), "NO_SUCH_PLACE");
  EXPECT_EQ(put("a", "none", ""), "DEAL_NOT_FOUND");
}

// Goal: a gate has no way around it, and says in the caller's words what is missing.
TEST_F(DealsServiceTest, AsksTheGateHoweverADealComes) {
  v1::UpdateStageRequest gate =
      Gate("qualified", "required_to_enter: 'next_step' required_to_enter: 'custom.tier'");
  ASSERT_EQ(server_.Call(&PipelinesStub::UpdateStage, gate).reason(), "");
  ASSERT_EQ(server_.Call(&DealsStub::CreateDeal, Create()).reason(), "");
  const auto moved = server_.Call(&DealsStub::MoveDeal, Move(StageNamed("qualified")));
  EXPECT_EQ(moved.reason(), "STAGE_GATE_REJECTED");
  EXPECT_EQ(moved.status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(moved.fields(), ElementsAre("deal.next_step", "deal.custom.tier"));
  EXPECT_EQ(moved.detail<google::rpc::PreconditionFailure>().violations(0).type(),
            "REQUIRED_TO_ENTER");

  v1::BatchCreateDealsRequest batch;
  batch.set_return_partial_success(true);
  *batch.add_requests() = Create(StageNamed("qualified"));
  *batch.add_requests() = Create(StageNamed("contacted"));
  batch.mutable_requests(0)->set_deal_id("d2");
  batch.mutable_requests(1)->set_deal_id("d3");
  const auto imported = server_.Call(&DealsStub::BatchCreateDeals, batch);
  ASSERT_EQ(imported.reason(), "");
  EXPECT_EQ(imported->deals_size(), 1);
  EXPECT_EQ(imported->failed_requests().count(0), 1u);

  gate.mutable_stage()->mutable_gate()->set_required_to_enter(1, "no field");
  EXPECT_THAT(server_.Call(&PipelinesStub::UpdateStage, gate).fields(),
              ElementsAre("stage.gate.required_to_enter[1]"));
  ASSERT_EQ(server_.Call(&DealsStub::LoseDeal, Lose()).reason(), "");
  v1::ReopenDealRequest reopen = Reopen(StageNamed("qualified"));
  EXPECT_EQ(server_.Call(&DealsStub::ReopenDeal, reopen).reason(), "STAGE_GATE_REJECTED");
}

TEST_F(DealsServiceTest, TakesNoOtherResourceForADeal) {
  v1::UpdateDealRequest update = Rename("Another");
  update.mutable_deal()->set_name("pipelines/default");
  EXPECT_FALSE(server_.Call(&DealsStub::UpdateDeal, update).ok());
  v1::MoveDealRequest move = Move(StageNamed("qualified"));
  move.set_name("pipelines/default");
  EXPECT_EQ(server_.Call(&DealsStub::MoveDeal, move).reason(), "INVALID_FIELD");
  v1::UpdateStageRequest stage;
  stage.mutable_stage()->set_name("deals/d1/stages/a");
  stage.mutable_stage()->set_display_name("A");
  server_.Call(&DealsStub::CreateDeal, Create());
  EXPECT_FALSE(server_.Call(&PipelinesStub::UpdateStage, stage).ok());
}

TEST_F(DealsServiceTest, ReportsEveryViolationOfARequest) {
  v1::CreateDealRequest create = Create("pipelines/default");
  create.mutable_deal()->clear_display_name();
  create.mutable_deal()->mutable_amount()->set_currency_code("XXQ");
  create.mutable_deal()->set_probability(101);
  create.mutable_deal()->set_owner("contacts/1");
  const auto reply = server_.Call(&DealsStub::CreateDeal, create);
  EXPECT_EQ(reply.reason(), "INVALID_FIELD");
  EXPECT_THAT(reply.fields(),
              ::testing::UnorderedElementsAre("deal.display_name", "deal.stage", "deal.amount",
                                              "deal.probability", "deal.owner"));
}

TEST_F(DealsServiceTest, ForgetsADeletedDealButNotAsOfBefore) {
  const auto created = server_.Call(&DealsStub::CreateDeal, Create());
  const auto before = server_.Call(&DealsStub::GetDeal, Get());
  ASSERT_EQ(server_.Call(&DealsStub::DeleteDeal, Delete()).reason(), "");
  EXPECT_EQ(server_.Call(&DealsStub::DeleteDeal, Delete()).reason(), "") << "again is no error";
  EXPECT_EQ(server_.Call(&DealsStub::GetDeal, Get()).reason(), "DEAL_NOT_FOUND");
  EXPECT_EQ(server_.Call(&DealsStub::CreateDeal, Create()).reason(), "DEAL_EXISTS");
  v1::GetDealRequest then = Get();
  then.mutable_read()->set_token(before.token);
  const auto as_of = server_.Call(&DealsStub::GetDeal, then);
  EXPECT_TRUE(MessageDifferencer::Equals(as_of.response, before.response));
}

TEST_F(DealsServiceTest, ShowsTheBoardOfTheMomentAskedAbout) {
  const absl::Time created_at = server_.clock().Now();
  server_.Call(&DealsStub::CreateDeal, Create());
  server_.clock().Advance(absl::Hours(10));
  const v1::PipelineBoard before = Board();
  EXPECT_EQ(before.stages(0).count(), 1);
  EXPECT_EQ(before.stages(0).average_age().seconds(), 10 * 3600);
  EXPECT_EQ(FromTimestamp(before.read_time()), created_at + absl::Hours(10));
  const std::string token = board_token_;
  const std::string sequence = board_sequence_;

  server_.clock().Advance(absl::Hours(10));
  ASSERT_EQ(server_.Call(&DealsStub::MoveDeal, Move(StageNamed("qualified"))).reason(), "");
  EXPECT_EQ(Board().stages(0).count(), 0);
  EXPECT_EQ(Board().stages(2).count(), 1);

  type::v1::ReadOptions read;
  read.set_token(token);
  const v1::PipelineBoard by_token = Board(read);
  EXPECT_EQ(by_token.stages(0).count(), 1);
  EXPECT_EQ(FromTimestamp(by_token.read_time()), created_at) << "the last event's moment";
  EXPECT_EQ(by_token.stages(0).average_age().seconds(), 0);
  read.set_sequence(std::stoll(sequence));
  EXPECT_TRUE(MessageDifferencer::Equals(Board(read), by_token));
  *read.mutable_time() = ToTimestamp(created_at + absl::Hours(5));
  EXPECT_EQ(Board(read).stages(0).average_age().seconds(), 5 * 3600);
}

TEST_F(DealsServiceTest, ShowsTheSameBoardFromViewsThatAreFoldedAnew) {
  server_.Call(&DealsStub::CreateDeal, Create());
  server_.Call(&DealsStub::WinDeal, Win());
  const v1::PipelineBoard before = Board();
  server_.Restart(/*new_views=*/true);
  EXPECT_TRUE(MessageDifferencer::Equals(Board(), before));
}

TEST_F(DealsServiceTest, HasNoBoardOfAPipelineThatIsNotThere) {
  v1::GetPipelineBoardRequest request;
  request.set_pipeline("pipelines/other");
  EXPECT_EQ(server_.Call(&DealsStub::GetPipelineBoard, request).reason(), "PIPELINE_NOT_FOUND");
}

// Goal: nobody takes the board of somebody who is not there for one of who has no deals.
TEST_F(DealsServiceTest, RefusesABoardOfAnOwnerWhomNobodyIs) {
  const std::string sam = CreateUser();
  v1::CreateDealRequest create = Create();
  create.mutable_deal()->set_owner(sam);
  ASSERT_EQ(server_.Call(&DealsStub::CreateDeal, create).reason(), "");
  v1::GetPipelineBoardRequest request;
  for (const std::string& owner : {sam, std::string("users/sam")}) {
    request.set_owner(owner);
    const auto board = server_.Call(&DealsStub::GetPipelineBoard, request);
    ASSERT_EQ(board.reason(), "") << board.status.error_message();
    EXPECT_EQ(board->stages(0).count(), 1);
  }
  for (const char* const owner : {"users/yuki", "users/nobody", "users/me"}) {
    request.set_owner(owner);
    const auto refused = server_.Call(&DealsStub::GetPipelineBoard, request);
    EXPECT_EQ(refused.reason(), "UNKNOWN_ALIAS") << owner;
    EXPECT_EQ(refused.metadata("alias"), owner);
  }
}

TEST_F(DealsServiceTest, SaysWhenThePipelineOfABoardCameIntoBeing) {
  v1::GetPipelineBoardRequest request;
  request.mutable_read()->set_sequence(1);
  const auto early = server_.Call(&DealsStub::GetPipelineBoard, request);
  EXPECT_EQ(early.reason(), "PIPELINE_NOT_FOUND");
  EXPECT_EQ(early.metadata("first_sequence"), "3");
  EXPECT_THAT(early.status.error_message(), ::testing::HasSubstr("ask as of that or later"));
}

// Goal: no deal enters a stage after it was archived, however the commands interleave. Method: move
// and archive at once, many times; whichever the log has first decides what the other is told.
TEST_F(DealsServiceTest, LetsNoDealIntoAStageThatWasArchivedMeanwhile) {
  for (int round = 0; round < 25; ++round) {
    const std::string pipeline = absl::StrCat("pipelines/p", round);
    const std::string deal = absl::StrCat("deals/race", round);
    ASSERT_EQ(server_.Call(&PipelinesStub::CreatePipeline, ShortPipeline(absl::StrCat("p", round)))
                  .reason(),
              "");
    v1::CreateDealRequest create = Create();
    create.set_deal_id(absl::StrCat("race", round));
    create.mutable_deal()->set_pipeline(pipeline);
    ASSERT_EQ(server_.Call(&DealsStub::CreateDeal, create).reason(), "");

    v1::MoveDealRequest move = Move(pipeline + "/stages/b");
    move.set_name(deal);
    std::string moved;
    std::string archived;
    AtOnce(
        round, [&] { moved = server_.Call(&DealsStub::MoveDeal, move).reason(); },
        [&] {
          archived =
              server_.Call(&PipelinesStub::ArchiveStage, Archive(pipeline + "/stages/b")).reason();
        });

    EXPECT_EQ(archived, "");
    if (moved.empty()) {
      EXPECT_LT(LastPositionOf(deal), LastPositionOf(pipeline)) << "round " << round;
    } else {
      EXPECT_EQ(moved, "STAGE_ARCHIVED") << "round " << round;
    }
  }
}

TEST_F(DealsServiceTest, LetsOnlyOneOfWinAndLoseHappen) {
  for (int round = 0; round < 25; ++round) {
    const std::string deal = absl::StrCat("deals/race", round);
    v1::CreateDealRequest create = Create();
    create.set_deal_id(absl::StrCat("race", round));
    ASSERT_EQ(server_.Call(&DealsStub::CreateDeal, create).reason(), "");
    v1::WinDealRequest win = Win();
    win.set_name(deal);
    v1::LoseDealRequest lose = Lose();
    lose.set_name(deal);
    std::string won;
    std::string lost;
    AtOnce(
        round, [&] { won = server_.Call(&DealsStub::WinDeal, win).reason(); },
        [&] { lost = server_.Call(&DealsStub::LoseDeal, lose).reason(); });
    EXPECT_NE(won.empty(), lost.empty()) << "round " << round;
    EXPECT_EQ(won + lost, "DEAL_CLOSED") << "round " << round;
  }
}

TEST_F(DealsServiceTest, RefusesADealForRecordsThatAreNotThereAndNamesThemAll) {
  const std::string user = CreateUser();
  const std::string contact = CreateContact();
  v1::CreateDealRequest create = Create();
  create.mutable_deal()->set_owner("users/01JNONE");
  create.mutable_deal()->add_contacts()->set_contact(contact);
  create.mutable_deal()->add_contacts()->set_contact("contacts/01JNONE");
  const auto refused = server_.Call(&DealsStub::CreateDeal, create);
  EXPECT_EQ(refused.reason(), "LINKED_RECORD_NOT_FOUND");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(refused.fields(), ElementsAre("deal.contacts[1].contact", "deal.owner"));
  EXPECT_EQ(refused.metadata("records"), "contacts/01JNONE, users/01JNONE");
  EXPECT_EQ(refused.detail<google::rpc::ResourceInfo>().resource_name(), "contacts/01JNONE");

  create.mutable_deal()->set_owner(user);
  create.mutable_deal()->mutable_contacts()->RemoveLast();
  EXPECT_EQ(server_.Call(&DealsStub::CreateDeal, create).reason(), "");
  v1::UpdateDealRequest update;
  update.mutable_deal()->set_name(kDeal);
  update.mutable_deal()->set_owner("users/01JNONE");
  EXPECT_EQ(server_.Call(&DealsStub::UpdateDeal, update).reason(), "LINKED_RECORD_NOT_FOUND");

  // Who is deleted takes no deal any more, and keeps the one there is.
  DeleteContact(contact);
  EXPECT_EQ(server_.Call(&DealsStub::UpdateDeal, Rename("Another")).reason(), "");
  create.set_deal_id("d2");
  EXPECT_EQ(server_.Call(&DealsStub::CreateDeal, create).reason(), "LINKED_RECORD_NOT_FOUND");
}

// Goal: no deal comes into being for a contact that was deleted before, however the commands
// interleave. Method: create and delete at once, many times; the log says which came first.
TEST_F(DealsServiceTest, LetsNoDealNameAContactThatWasDeletedMeanwhile) {
  for (int round = 0; round < 25; ++round) {
    const std::string contact = CreateContact();
    const std::string deal = absl::StrCat("deals/race", round);
    v1::CreateDealRequest create = Create();
    create.set_deal_id(absl::StrCat("race", round));
    create.mutable_deal()->add_contacts()->set_contact(contact);
    std::string created;
    AtOnce(
        round, [&] { created = server_.Call(&DealsStub::CreateDeal, create).reason(); },
        [&] { DeleteContact(contact); });
    if (created.empty()) {
      EXPECT_LT(LastPositionOf(deal), LastPositionOf(contact)) << "round " << round;
    } else {
      EXPECT_EQ(created, "LINKED_RECORD_NOT_FOUND") << "round " << round;
    }
  }
}

TEST_F(DealsServiceTest, ListsDealsByLastActivityNowAndAsOfBefore) {
  const std::string contact = CreateContact();
  for (const char* id : {"d1", "d2", "d3"}) {
    v1::CreateDealRequest create = Create();
    create.set_deal_id(id);
    ASSERT_EQ(server_.Call(&DealsStub::CreateDeal, create).reason(), "");
    server_.clock().Advance(absl::Hours(1));
  }
  const auto before = server_.Call(&DealsStub::GetDeal, Get("deals/d1"));
  RecordInteraction(contact, {"deals/d1"});
  const absl::Time touched = server_.clock().Now();
  server_.clock().Advance(absl::Hours(1));
  RecordInteraction(contact, {});  // about no deal

  const auto names = [&](const std::string& order_by, const std::string& token = "") {
    v1::ListDealsRequest request;
    request.set_order_by(order_by);
    request.set_page_size(2);
    if (!token.empty()) request.mutable_read()->set_token(token);
    std::vector<std::string> names;
    do {
      const auto page = server_.Call(&DealsStub::ListDeals, request);
      EXPECT_EQ(page.reason(), "");
      for (const v1::Deal& deal : page->deals()) {
        names.push_back(deal.name());
        // The list and the read of one deal agree, also about then.
        v1::GetDealRequest get = Get(deal.name());
        *get.mutable_read() = request.read();
        EXPECT_TRUE(
            MessageDifferencer::Equals(server_.Call(&DealsStub::GetDeal, get).response, deal));
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return names;
  };
  EXPECT_THAT(names("last_activity_time"), ElementsAre("deals/d2", "deals/d3", "deals/d1"));
  EXPECT_THAT(names("last_activity_time desc"), ElementsAre("deals/d1", "deals/d3", "deals/d2"));
  EXPECT_THAT(names("last_activity_time", before.token),
              ElementsAre("deals/d1", "deals/d2", "deals/d3"));
  const auto now = server_.Call(&DealsStub::GetDeal, Get("deals/d1"));
  EXPECT_EQ(FromTimestamp(now->last_activity_time()), touched);
  EXPECT_EQ(now->etag(), before->etag()) << "a deal is not changed by what happens about it";

  server_.Restart(/*new_views=*/true);
  EXPECT_THAT(names("last_activity_time"), ElementsAre("deals/d2", "deals/d3", "deals/d1"));
}

TEST_F(DealsServiceTest, IgnoresALastActivityThatACallerSends) {
  v1::CreateDealRequest create = Create();
  *create.mutable_deal()->mutable_last_activity_time() = ToTimestamp(absl::FromUnixSeconds(7));
  ASSERT_EQ(server_.Call(&DealsStub::CreateDeal, create).reason(), "");
  const auto got = server_.Call(&DealsStub::GetDeal, Get());
  EXPECT_EQ(FromTimestamp(got->last_activity_time()), server_.clock().Now());
  v1::UpdateDealRequest update = Rename("Another");
  update.mutable_update_mask()->add_paths("last_activity_time");
  EXPECT_EQ(server_.Call(&DealsStub::UpdateDeal, update).reason(), "INVALID_UPDATE_MASK");
}

}  // namespace
}  // namespace kith::deals
