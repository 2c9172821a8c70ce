#include "projections/deals/deal_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "kith/deals/v1/deal_events.pb.h"
#include "projections/store/versioned_store.h"
#include "tests/projections/deals/deal_events.h"
#include "tests/testing/temp_folder.h"
#include "tests/testing/view_spec.h"

namespace kith::deals {
namespace {

using eventstore::ReadTier;
using ::testing::ElementsAre;
using testing::ViewSpec;

ViewSpec NewSpec() {
  return ViewSpec::Of<DealList>()
      .Takes<v1::DealEvent>("deals")
      .Takes<interactions::v1::InteractionEvent>("interactions");
}

std::vector<std::string> NamesOf(const projections::ViewSnapshot& deals,
                                 const projections::ListQuery& query) {
  const auto page = DealList::Deals().List(deals, WorkspaceId(1), query);
  EXPECT_TRUE(page.ok()) << page.status();
  std::vector<std::string> names;
  if (page.ok()) {
    for (const v1::Deal& deal : page->rows) names.push_back(deal.name());
  }
  return names;
}

v1::Deal Closing(v1::Deal deal, int month) {
  deal.mutable_expected_close_date()->set_year(2026);
  deal.mutable_expected_close_date()->set_month(month);
  deal.mutable_expected_close_date()->set_day(1);
  return deal;
}

TEST(DealList, KeepsADealWithTheStagesItHasBeenIn) {
  ViewSpec spec = NewSpec();
  spec.Given("deals/a", Created(DealIn("deals/a", "new-lead")))
      .Given("deals/a", Moved("qualified"))
      .Given("deals/a", Won());
  const auto deal =
      DealList::Deals().Get(spec.Then(), spec.workspace(), "deals/a", ReadTier::kDisk);
  ASSERT_TRUE(deal.ok() && deal->has_value());
  EXPECT_EQ((*deal)->status(), v1::WON);
  EXPECT_EQ((*deal)->etag(), "3");
  ASSERT_EQ((*deal)->stage_intervals_size(), 3);
  EXPECT_EQ((*deal)->stage_intervals(1).stage(), StagePath("qualified"));
  EXPECT_EQ((*deal)->stage_intervals(1).leave_time().seconds(),
            (*deal)->stage_intervals(2).enter_time().seconds());
  EXPECT_TRUE((*deal)->has_close_time());
}

TEST(DealList, LeavesOutADeletedDealButNotBefore) {
  ViewSpec spec = NewSpec();
  spec.Given("deals/a", Created(DealIn("deals/a", "new-lead")));
  const Position before = spec.last();
  v1::DealDeleted deleted;
  deleted.set_name("deals/a");
  spec.Given("deals/a", deleted);
  EXPECT_THAT(NamesOf(spec.Then(), {}), ElementsAre());
  EXPECT_THAT(NamesOf(spec.As(before), {}), ElementsAre("deals/a"));
}

TEST(DealList, FindsDealsByWhatTheyAre) {
  ViewSpec spec = NewSpec();
  v1::Deal a = DealIn("deals/a", "new-lead", "users/1");
  a.set_display_name("Zoë's bakery");
  a.set_company_name("Bäckerei GmbH");
  a.set_product("GTX Pro");
  a.add_contacts()->set_contact("contacts/7");
  v1::Deal b = DealIn("deals/b", "qualified", "users/1");
  b.add_contacts()->set_contact("contacts/7");
  b.add_contacts()->set_contact("contacts/8");
  b.add_external_ids()->set_system("erp");
  b.mutable_external_ids(0)->set_id("7");
  spec.Given("deals/a", Created(a)).Given("deals/b", Created(b)).Given("deals/b", Won());
  const projections::ViewSnapshot deals = spec.Then();

  const auto found = [&](absl::string_view filter) { return NamesOf(deals, {.filter = filter}); };
  EXPECT_THAT(found(R"(pipeline = "pipelines/default")"), ElementsAre("deals/a", "deals/b"));
  EXPECT_THAT(found(R"(stage = "pipelines/default/stages/new-lead")"), ElementsAre("deals/a"));
  EXPECT_THAT(found("status = WON"), ElementsAre("deals/b"));
  EXPECT_THAT(found(R"(owner = "users/1")"), ElementsAre("deals/a", "deals/b"));
  EXPECT_THAT(found(R"(owner = "users/1" AND status = OPEN)"), ElementsAre("deals/a"));
  EXPECT_THAT(found(R"(contact = "contacts/7")"), ElementsAre("deals/a", "deals/b"));
  EXPECT_THAT(found(R"(contact = "contacts/8")"), ElementsAre("deals/b"));
  EXPECT_THAT(found(R"(display_name = "zoe*")"), ElementsAre("deals/a"));
  EXPECT_THAT(found(R"(company_name = "backerei gmbh")"), ElementsAre("deals/a"));
  EXPECT_THAT(found(R"(product = "gtx pro")"), ElementsAre("deals/a"));
  EXPECT_THAT(found(R"(external_id = "erp:7")"), ElementsAre("deals/b"));
  EXPECT_THAT(found(R"(external_id = "erp:*")"), ElementsAre("deals/b"));
  EXPECT_THAT(found(R"(external_id = "erp:70")"), ElementsAre());
}

// Goal: a changed deal whose external ids stay writes no more than one without any. Method: the
// index entries that are added or taken away, of both.
TEST(DealList, WritesNothingMoreForExternalIdsThatStay) {
  const testing::TempFolder folder;
  auto store = projections::VersionedStore::Open({.path = folder / "views"});
  ASSERT_TRUE(store.ok()) << store.status();
  projections::ViewBatch batch(
      {*(*store)->OpenOrCreate("deal_list.0"), *(*store)->OpenOrCreateIndex("deal_list.0.index")},
      {});
  const auto written = [&] {
    size_t count = 0;
    for (const auto& [key, turns] : batch.kept_entries().entries()) count += turns.moments.size();
    return count;
  };
  uint64_t position = 0;
  const auto put = [&](const v1::Deal& deal) {
    const size_t before = written();
    batch.Begin(Position(++position));
    EXPECT_TRUE(DealList::Deals().Put(batch, WorkspaceId(1), deal).ok());
    batch.Keep();
    return written() - before;
  };
  v1::Deal bare = DealIn("deals/a", "new-lead");
  v1::Deal known = DealIn("deals/b", "new-lead");
  known.add_external_ids()->set_system("erp");
  known.mutable_external_ids(0)->set_id("7");
  EXPECT_EQ(put(known), put(bare) + 1);
  bare.set_stage(StagePath("qualified"));
  known.set_stage(StagePath("qualified"));
  EXPECT_EQ(put(known), put(bare));
  known.mutable_external_ids(0)->set_id("8");
  EXPECT_EQ(put(known), 2U);
}

TEST(DealList, OrdersWhatASalespersonLooksAtNext) {
  ViewSpec spec = NewSpec();
  spec.Given("deals/a", Created(Closing(DealIn("deals/a", "new-lead", "users/1"), 9)))
      .Given("deals/b", Created(Closing(DealIn("deals/b", "new-lead", "users/1"), 3)))
      .Given("deals/c", Created(Closing(DealIn("deals/c", "new-lead", "users/2"), 6)));
  const projections::ViewSnapshot deals = spec.Then();
  EXPECT_THAT(NamesOf(deals, {.filter = R"(owner = "users/1")", .order_by = "expected_close_date"}),
              ElementsAre("deals/b", "deals/a"));
  EXPECT_THAT(NamesOf(deals, {.filter = "expected_close_date >= 2026-06-01",
                              .order_by = "expected_close_date desc"}),
              ElementsAre("deals/a", "deals/c"));
  EXPECT_THAT(NamesOf(deals, {.order_by = "create_time desc"}),
              ElementsAre("deals/c", "deals/b", "deals/a"));
}

TEST(DealList, FollowsAChangeOfOwnerThroughItsIndexes) {
  ViewSpec spec = NewSpec();
  spec.Given("deals/a", Created(DealIn("deals/a", "new-lead", "users/1")))
      .Given("deals/a", Updated(DealIn("deals/a", "new-lead", "users/2"), {"owner"}));
  const projections::ViewSnapshot deals = spec.Then();
  EXPECT_THAT(NamesOf(deals, {.filter = R"(owner = "users/1")"}), ElementsAre());
  EXPECT_THAT(NamesOf(deals, {.filter = R"(owner = "users/2")"}), ElementsAre("deals/a"));
}

int64_t ActivityOf(const projections::ViewSnapshot& deals, absl::string_view name) {
  const auto deal = DealList::Deals().Get(deals, WorkspaceId(1), name, ReadTier::kDisk);
  EXPECT_TRUE(deal.ok() && deal->has_value());
  return deal.ok() && deal->has_value() ? (*deal)->last_activity_time().seconds() : 0;
}

testing::GivenOptions At(int64_t second) { return {.occur_time = absl::FromUnixSeconds(second)}; }

TEST(DealList, TellsWhenSomethingLastHappenedAboutADeal) {
  ViewSpec spec = NewSpec();
  spec.Given("deals/a", Created(DealIn("deals/a", "new-lead")), At(100))
      .Given("deals/b", Created(DealIn("deals/b", "new-lead")), At(110));
  const Position created = spec.last();
  spec.Given("deals/a/interactions", InteractionWith("deals/a"), At(200))
      .Given("contacts/1/interactions", InteractionWith("contacts/1", {"deals/b"}), At(300));
  const Position touched = spec.last();
  spec.Given("deals/a", Moved("qualified"), At(400))
      // Recorded late: what is known already is later.
      .Given("deals/b/interactions", InteractionWith("deals/b"), At(250));
  const projections::ViewSnapshot deals = spec.Then();
  EXPECT_EQ(ActivityOf(deals, "deals/a"), 400);
  EXPECT_EQ(ActivityOf(deals, "deals/b"), 300);
  EXPECT_EQ(ActivityOf(spec.As(touched), "deals/a"), 200);
  EXPECT_EQ(ActivityOf(spec.As(created), "deals/b"), 110);

  EXPECT_THAT(NamesOf(deals, {.order_by = "last_activity_time"}),
              ElementsAre("deals/b", "deals/a"));
  EXPECT_THAT(NamesOf(deals, {.order_by = "last_activity_time desc"}),
              ElementsAre("deals/a", "deals/b"));
  EXPECT_THAT(NamesOf(spec.As(touched), {.order_by = "last_activity_time", .as_of = true}),
              ElementsAre("deals/a", "deals/b"));
  EXPECT_THAT(NamesOf(deals, {.filter = "last_activity_time > \"1970-01-01T00:05:00Z\""}),
              ElementsAre("deals/a"));
}

TEST(DealList, ChangesNothingElseOfADealThatIsTouched) {
  ViewSpec spec = NewSpec();
  spec.Given("deals/a", Created(DealIn("deals/a", "new-lead")), At(100));
  const Position created = spec.last();
  spec.Given("deals/a/interactions", InteractionWith("deals/a"), At(200));
  const auto after = DealList::Deals().Get(spec.Then(), WorkspaceId(1), "deals/a", ReadTier::kDisk);
  const auto before =
      DealList::Deals().Get(spec.As(created), WorkspaceId(1), "deals/a", ReadTier::kDisk);
  ASSERT_TRUE(after.ok() && before.ok());
  v1::Deal untouched = **after;
  *untouched.mutable_last_activity_time() = (*before)->last_activity_time();
  EXPECT_EQ(untouched.SerializeAsString(), (*before)->SerializeAsString());
}

TEST(DealList, TouchesNoDealThatIsGone) {
  ViewSpec spec = NewSpec();
  v1::DealDeleted deleted;
  deleted.set_name("deals/a");
  spec.Given("deals/a", Created(DealIn("deals/a", "new-lead")))
      .Given("deals/a", deleted)
      .Given("contacts/1/interactions", InteractionWith("contacts/1", {"deals/a", "deals/never"}));
  EXPECT_THAT(NamesOf(spec.Then(), {.order_by = "last_activity_time"}), ElementsAre());
}

// Goal: an interaction about contacts alone costs nothing here. Method: a store that is closed
// fails every read; one about a deal meets that, one about a contact does not.
TEST(DealList, ReadsNothingForAnInteractionAboutNoDeal) {
  const testing::TempFolder folder;
  auto store = projections::VersionedStore::Open({.path = folder / "views"});
  ASSERT_TRUE(store.ok()) << store.status();
  projections::ViewBatch batch(
      {*(*store)->OpenOrCreate("deal_list.0"), *(*store)->OpenOrCreateIndex("deal_list.0.index")},
      {});
  store->reset();
  bool taken = false;
  const auto apply = [&](uint64_t position, const interactions::v1::InteractionRecorded& recorded) {
    auto record = std::make_shared<eventstore::Record>();
    record->header.position = Position(position);
    record->header.stream = "contacts/1/interactions";
    auto event = std::make_unique<interactions::v1::InteractionEvent>();
    *event->mutable_interaction_recorded() = recorded;
    batch.Begin(Position(position));
    const eventstore::RecordedEvent happened{std::move(record), std::move(event)};
    taken = DealList().Takes(happened);
    const absl::Status applied = DealList().Apply(happened, batch);
    batch.Keep();
    return applied;
  };
  EXPECT_TRUE(apply(1, InteractionWith("contacts/1", {"contacts/2"})).ok());
  EXPECT_FALSE(taken);
  EXPECT_TRUE(batch.read_error().ok() && batch.kept().empty() && batch.kept_entries().empty());
  EXPECT_FALSE(apply(2, InteractionWith("contacts/1", {"deals/1"})).ok());
  EXPECT_TRUE(taken);
}

}  // namespace
}  // namespace kith::deals
