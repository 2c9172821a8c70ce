// Pages that end where as many rows were looked at as may be for one of them. Ten are here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "eventstore/base/error.h"
#include "kith/type/v1/errors.pb.h"
#include "tests/projections/tables/table_fixture.h"

namespace kith::projections {
namespace {

using deals::v1::Deal;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr size_t kLooksMax = 10;
constexpr int kRows = 35;

std::string NameOf(int i) { return absl::StrFormat("deals/%02d", i); }

// Of 35 deals, of two owners by turns, three are of the product x.
class ShortPagesTest : public ::testing::Test {
 protected:
  ShortPagesTest() {
    for (int i = 0; i < kRows; ++i) {
      Deal deal = MakeDeal(NameOf(i), i % 2 == 0 ? "users/a" : "users/b", NameOf(i));
      deal.set_product(i == 3 || i == 17 || i == 34 ? "x" : "y");
      deal.mutable_last_activity_time()->set_seconds(i);
      fixture_.Put(deal);
    }
  }

  // The names on all pages, and how many each has.
  absl::Status List(ListQuery query) {
    names_.clear();
    sizes_.clear();
    query.may_be_short = true;
    query.looks_max = kLooksMax;
    query.page_size = 5;
    std::string token;
    do {
      query.page_token = token;
      const auto page = TestDeals().List(fixture_.Latest(), kWorkspace, query);
      if (!page.ok()) return page.status();
      sizes_.push_back(static_cast<int>(page->rows.size()));
      for (const std::string& name : NamesOf(page->rows)) names_.push_back(name);
      token = page->next_page_token;
    } while (!token.empty());
    return absl::OkStatus();
  }

  TableFixture fixture_;
  std::vector<std::string> names_;
  std::vector<int> sizes_;
};

TEST_F(ShortPagesTest, GoOnWhereTheyEnded) {
  ASSERT_TRUE(List({.filter = "product = x"}).ok());
  EXPECT_THAT(names_, ElementsAre("deals/03", "deals/17", "deals/34"));
  EXPECT_THAT(sizes_, ElementsAre(1, 1, 0, 1));
  ASSERT_TRUE(List({.filter = "product = none"}).ok());
  EXPECT_THAT(names_, IsEmpty());
  EXPECT_THAT(sizes_, ElementsAre(0, 0, 0, 0));
  // Full ones are as ever.
  ASSERT_TRUE(List({.filter = "product = y"}).ok());
  EXPECT_EQ(names_.size(), 32u);
  EXPECT_EQ(sizes_.front(), 5);
}

TEST_F(ShortPagesTest, StandInTheOrderOfAnIndex) {
  ASSERT_TRUE(List({.filter = "product = x", .order_by = "display_name desc"}).ok());
  EXPECT_THAT(names_, ElementsAre("deals/34", "deals/17", "deals/03"));
  EXPECT_THAT(sizes_, ElementsAre(1, 1, 0, 1));
  ASSERT_TRUE(List({.filter = "product = x", .order_by = "last_activity_time"}).ok());
  EXPECT_THAT(names_, ElementsAre("deals/03", "deals/17", "deals/34"));
  // Where neither the order's index nor the filter's is narrow.
  ASSERT_TRUE(
      List({.filter = "owner = users/b AND product = x", .order_by = "display_name desc"}).ok());
  EXPECT_THAT(names_, ElementsAre("deals/17", "deals/03"));
  EXPECT_THAT(sizes_, ElementsAre(0, 1, 0, 1));
}

TEST_F(ShortPagesTest, AreFullWhereTheFiltersIndexIsNarrow) {
  fixture_.Put(MakeDeal("deals/few", "users/few", "deals/few"));
  ASSERT_TRUE(List({.filter = "owner = users/few", .order_by = "display_name"}).ok());
  EXPECT_THAT(sizes_, ElementsAre(1));
}

TEST_F(ShortPagesTest, MergeStretches) {
  ASSERT_TRUE(List({.filter = "owner in (users/a, users/b) AND product = x"}).ok());
  EXPECT_THAT(names_, ElementsAre("deals/03", "deals/17", "deals/34"));
  EXPECT_THAT(sizes_, ElementsAre(1, 1, 0, 1));
}

// The tenth entry is the first of two of one row, which is found by the other one, by the first
// stretch or by the second.
TEST_F(ShortPagesTest, EndAfterAllStretchesOfARow) {
  for (int i = 0; i < 20; ++i) {
    Deal deal = MakeDeal(absl::StrFormat("deals/c%02d", i), "users/c", "");
    deal.add_contacts()->set_contact("contacts/x");
    if (i > 0) deal.add_contacts()->set_contact("contacts/y");
    deal.set_product(i == 5 ? "x" : "y");
    fixture_.Put(deal);
  }
  for (const char* const filter :
       {"(contact = contacts/x AND product = x) OR (contact = contacts/y AND product = none)",
        "(contact = contacts/x AND product = none) OR (contact = contacts/y AND product = x)"}) {
    ASSERT_TRUE(List({.filter = filter}).ok()) << filter;
    EXPECT_THAT(names_, ElementsAre("deals/c05")) << filter;
  }
}

TEST_F(ShortPagesTest, HaveTheRowsBesidesInTheirPlaces) {
  const auto within = ParseFilter("product = x");
  const std::vector<std::string> besides = {NameOf(9), NameOf(12), NameOf(33)};
  ListQuery query{.within = &*within};
  query.besides = {besides, "groups"};
  ASSERT_TRUE(List(query).ok());
  EXPECT_THAT(names_,
              ElementsAre("deals/03", "deals/09", "deals/12", "deals/17", "deals/33", "deals/34"));
  EXPECT_THAT(sizes_, ElementsAre(2, 2, 0, 2));
}

TEST_F(ShortPagesTest, AreExplained) {
  type::v1::SummaryOptions summarise;
  summarise.set_explain(true);
  type::v1::ListSummary summary;
  const auto page = TestDeals().List(fixture_.Latest(), kWorkspace,
                                     {.filter = "owner = users/b AND product = x",
                                      .order_by = "display_name desc",
                                      .may_be_short = true,
                                      .looks_max = kLooksMax,
                                      .summarise = &summarise,
                                      .summary = &summary});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_FALSE(summary.plan().sorted());
  EXPECT_EQ(summary.plan().looked_at(), 10);
  EXPECT_EQ(summary.plan().stretches(0).index_fields(0), "display_name");
}

TEST_F(ShortPagesTest, AreNoneWhereAllRowsHaveToBeSorted) {
  const absl::Status refused = List({.order_by = "product"});
  EXPECT_TRUE(IsError(refused, type::v1::ERROR_INVALID_FILTER)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("More than 10 rows"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("Or leave out order_by"));
}

TEST_F(ShortPagesTest, AreForWhoTakesThem) {
  const auto refused =
      TestDeals().List(fixture_.Latest(), kWorkspace,
                       {.filter = "product = x", .page_size = 5, .looks_max = kLooksMax});
  EXPECT_TRUE(IsError(refused.status(), type::v1::ERROR_INVALID_FILTER)) << refused.status();
}

}  // namespace
}  // namespace kith::projections
