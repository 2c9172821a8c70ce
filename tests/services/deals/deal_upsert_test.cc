// Deals by what other systems call them: updates that find them by an external id or create them,
// beside those that name them by an id of the client's; over gRPC.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "tests/services/deals/deal_world.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::deals {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Proto;
using testing::Reply;
using Stub = v1::DealsService::Stub;

constexpr char kErp7[] = "external_ids { system: 'erp' id: '7' } ";

class UpsertDealTest : public ::testing::Test {
 protected:
  static v1::UpdateDealRequest Upserting(const std::string& deal,
                                         const std::string& request_id = "") {
    v1::UpdateDealRequest request;
    *request.mutable_deal() = Proto<v1::Deal>(deal);
    request.set_allow_missing(true);
    request.set_request_id(request_id);
    return request;
  }
  Reply<v1::Deal> Update(const v1::UpdateDealRequest& request) {
    return server_.Call(&Stub::UpdateDeal, request);
  }
  Reply<v1::Deal> Upsert(const std::string& deal, const std::string& request_id = "") {
    return Update(Upserting(deal, request_id));
  }
  Reply<v1::Deal> CreateDeal(const std::string& deal) {
    v1::CreateDealRequest request;
    *request.mutable_deal() = Proto<v1::Deal>(deal);
    return server_.Call(&Stub::CreateDeal, request);
  }
  Reply<v1::Deal> GetDeal(const std::string& name) {
    v1::GetDealRequest request;
    request.set_name(name);
    return server_.Call(&Stub::GetDeal, request);
  }
  void DeleteDeal(const std::string& name) {
    v1::DeleteDealRequest request;
    request.set_name(name);
    ASSERT_EQ(server_.Call(&Stub::DeleteDeal, request).reason(), "");
  }
  std::vector<std::string> Found(const std::string& filter = "") {
    v1::ListDealsRequest list;
    list.set_filter(filter);
    const auto page = server_.Call(&Stub::ListDeals, list);
    EXPECT_EQ(page.reason(), "");
    std::vector<std::string> names;
    for (const v1::Deal& deal : page->deals()) names.push_back(deal.name());
    return names;
  }

  testing::TestServer server_;
};

TEST_F(UpsertDealTest, FindsADealByAnExternalIdOrCreatesIt) {
  const std::string first = absl::StrCat(kErp7, "display_name: 'Press' stage: '",
                                         StageNamed("qualified"), "' tags: 'fair'");
  const auto created = Upsert(first);
  ASSERT_EQ(created.reason(), "");
  EXPECT_EQ(created->stage(), StageNamed("qualified"));
  EXPECT_EQ(Upsert(first)->etag(), "1") << "it is so already";

  v1::MoveDealRequest move = Move(StageNamed("negotiation"));
  move.set_name(created->name());
  ASSERT_EQ(server_.Call(&Stub::MoveDeal, move).reason(), "");
  const auto changed = Upsert(absl::StrCat(first, " next_step: 'Call'"));
  ASSERT_EQ(changed.reason(), "");
  EXPECT_EQ(changed->name(), created->name());
  EXPECT_EQ(changed->next_step(), "Call");
  EXPECT_EQ(changed->stage(), StageNamed("negotiation")) << "only a move takes it elsewhere";
  EXPECT_THAT(Found(), ElementsAre(created->name()));
  EXPECT_THAT(Found("external_id = 'erp:7'"), ElementsAre(created->name()));
  EXPECT_THAT(Found("external_id = 'erp:8'"), IsEmpty());
  EXPECT_THAT(Found("tags = fair"), ElementsAre(created->name()));

  v1::WinDealRequest win;
  win.set_name(created->name());
  ASSERT_EQ(server_.Call(&Stub::WinDeal, win).reason(), "");
  server_.Restart(/*new_views=*/true);
  EXPECT_EQ(Upsert(absl::StrCat(kErp7, "next_step: 'Thank them'"))->name(), created->name());
  EXPECT_THAT(Found("external_id = 'erp:7' AND status = WON"), ElementsAre(created->name()));
}

TEST_F(UpsertDealTest, KeepsExternalIdsUnlessTheMaskNamesThem) {
  const std::string deal =
      CreateDeal(
          absl::StrCat(kErp7, "display_name: 'Press' external_ids { system: 'crm' id: '1' }"))
          ->name();
  auto request = Upserting(absl::StrCat(kErp7, "next_step: 'Call'"));
  EXPECT_EQ(Update(request)->external_ids_size(), 2);
  request.mutable_update_mask()->add_paths("external_ids");
  EXPECT_EQ(Update(request)->external_ids_size(), 1);
  EXPECT_EQ(GetDeal(deal)->external_ids(0).system(), "erp");
  EXPECT_EQ(CreateDeal("display_name: 'Other' external_ids { system: 'crm' id: '1' }").reason(), "")
      << "it is free";

  v1::ListDealRevisionsRequest history;
  history.set_name(deal);
  history.set_field("external_ids");
  const auto told = server_.Call(&Stub::ListDealRevisions, history);
  ASSERT_EQ(told->revisions_size(), 2);
  EXPECT_EQ(told->revisions(0).before().external_ids_size(), 2);
  EXPECT_EQ(told->revisions(0).after().external_ids_size(), 1);
}

// A deal has a name that its client chooses, too: what says both means one deal.
TEST_F(UpsertDealTest, TakesANameBesideAnExternalId) {
  const std::string named = absl::StrCat("name: 'deals/a' display_name: 'Press' ", kErp7);
  const auto created = Upsert(named);
  ASSERT_EQ(created.reason(), "");
  EXPECT_EQ(created->name(), "deals/a");
  EXPECT_EQ(Upsert(named)->etag(), "1");
  EXPECT_EQ(Upsert(absl::StrCat(kErp7, "next_step: 'Call'"))->name(), "deals/a");
  EXPECT_EQ(Upsert("name: 'deals/a' source: 'fair'")->source(), "fair");

  const auto several = Upsert(absl::StrCat("name: 'deals/b' display_name: 'Other' ", kErp7));
  EXPECT_EQ(several.reason(), "MATCHES_SEVERAL");
  EXPECT_EQ(several.metadata("names"), "deals/b,deals/a");
  EXPECT_THAT(Upsert("display_name: 'Nobody'").fields(), ElementsAre("deal.external_ids"));
  auto plain = Upserting(absl::StrCat(kErp7, "next_step: 'Call'"));
  plain.set_allow_missing(false);
  EXPECT_THAT(Update(plain).fields(), ElementsAre("deal.name"));
  EXPECT_THAT(Upsert("external_ids { system: 'erp' id: '8' }").fields(),
              ElementsAre("deal.display_name"));
  EXPECT_THAT(Found(), ElementsAre("deals/a"));
}

TEST_F(UpsertDealTest, GivesNoExternalIdToTwo) {
  const std::string first = CreateDeal(absl::StrCat(kErp7, "display_name: 'Press'"))->name();
  const std::string other =
      absl::StrCat("display_name: 'Other' external_ids { system: 'erp' id: '6' } ", kErp7);
  const auto refused = CreateDeal(other);
  EXPECT_EQ(refused.reason(), "EXTERNAL_ID_TAKEN");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(refused.metadata("deal"), first);
  EXPECT_EQ(refused.metadata("field"), "deal.external_ids[1]");

  DeleteDeal(first);
  const auto deleted = Upsert(absl::StrCat(kErp7, "next_step: 'Call'"));
  EXPECT_EQ(deleted.reason(), "MATCHES_DELETED");
  EXPECT_EQ(deleted.metadata("name"), first);
  const auto second = CreateDeal(other);
  ASSERT_EQ(second.reason(), "") << "one that is gone has none";
  v1::UndeleteDealRequest undelete;
  undelete.set_name(first);
  const auto back = server_.Call(&Stub::UndeleteDeal, undelete);
  EXPECT_EQ(back.reason(), "EXTERNAL_ID_TAKEN");
  EXPECT_EQ(back.metadata("deal"), second->name());
}

TEST_F(UpsertDealTest, MakesOneDealWhoeverOfManyComesFirst) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      while (Upsert(absl::StrCat(kErp7, "display_name: 'Press ", i, "'")).reason() == "CONFLICT") {
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Found().size(), 1U);
}

TEST_F(UpsertDealTest, IsAnsweredAgainAsTheFirstTimeAndComesInBatches) {
  v1::BatchUpdateDealsRequest batch;
  for (int i = 0; i < 30; ++i) {
    *batch.add_requests() = Upserting(
        absl::StrCat("display_name: 'N", i, "' external_ids { system: 'crm' id: '", i % 3, "' }"));
  }
  batch.set_request_id("all");
  const auto all = server_.Call(&Stub::BatchUpdateDeals, batch);
  ASSERT_EQ(all.reason(), "");
  ASSERT_EQ(all->deals_size(), 30);
  EXPECT_EQ(all->deals(0).SerializeAsString(), all->deals(27).SerializeAsString());
  EXPECT_EQ(all->deals(29).display_name(), "N29");
  EXPECT_EQ(all->deals(29).etag(), "10");
  EXPECT_EQ(Found().size(), 3U);

  const std::string first = absl::StrCat(kErp7, "display_name: 'Press'");
  const auto created = Upsert(first, "one");
  DeleteDeal(created->name());
  ASSERT_EQ(CreateDeal(first).reason(), "");
  for (const bool restarted : {false, true}) {
    if (restarted) server_.Restart();
    EXPECT_EQ(Upsert(first, "one")->SerializeAsString(), created->SerializeAsString());
    EXPECT_EQ(server_.Call(&Stub::BatchUpdateDeals, batch)->SerializeAsString(),
              all->SerializeAsString());
  }
}

}  // namespace
}  // namespace kith::deals
