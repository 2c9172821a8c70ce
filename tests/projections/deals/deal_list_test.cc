#include "projections/deals/deal_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/deals/v1/deal_events.pb.h"
#include "tests/projections/deals/deal_events.h"
#include "tests/testing/view_spec.h"

namespace kith::deals {
namespace {

using eventstore::ReadTier;
using ::testing::ElementsAre;
using testing::ViewSpec;

ViewSpec NewSpec() { return ViewSpec::Of<DealList>().Takes<v1::DealEvent>("deals"); }

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

}  // namespace
}  // namespace kith::deals
