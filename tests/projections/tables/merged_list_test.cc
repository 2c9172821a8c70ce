// Goal: a list over several stretches of an index is what sorting all of its rows gives, however
// unevenly these are spread over the stretches, however long its pages are, as of any moment.
// Method: half of the rows are in one stretch, and most stretches are empty.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/projections/tables/table_fixture.h"

namespace kith::projections {
namespace {

using deals::v1::Deal;
using ::testing::ElementsAre;

constexpr int kDeals = 300;
constexpr int kOwners = 50;

std::string NameOf(int deal) { return absl::StrFormat("deals/%03d", deal); }
// Only every second one is anyone's but the first's.
int OwnerOf(int deal) { return deal % 2 == 0 ? 0 : deal % 40; }
int DayOf(int deal) { return 1 + deal * 7 % 28; }
int64_t ActivityOf(int deal) { return deal * 13 % 101; }

Deal NumberedDeal(int deal, const std::string& owner) {
  Deal made = MakeDeal(NameOf(deal), owner, "Crane");
  made.mutable_expected_close_date()->set_year(2026);
  made.mutable_expected_close_date()->set_month(1);
  made.mutable_expected_close_date()->set_day(DayOf(deal));
  made.mutable_last_activity_time()->set_seconds(ActivityOf(deal));
  return made;
}

Expression OfAnyOwner() {
  Expression any{Expression::Kind::kAny, {}, {}};
  for (int owner = 0; owner < kOwners; ++owner) {
    Expression one{Expression::Kind::kComparison, {}, {}};
    one.comparison.field = "owner";
    one.comparison.literal = absl::StrCat("users/", owner);
    any.parts.push_back(std::move(one));
  }
  return any;
}

// In the order of what they are listed by, then of their names.
std::vector<std::string> InOrder(std::vector<std::pair<int64_t, std::string>> rows,
                                 bool descending) {
  std::sort(rows.begin(), rows.end());
  if (descending) std::reverse(rows.begin(), rows.end());
  std::vector<std::string> names;
  for (auto& [place, name] : rows) names.push_back(std::move(name));
  return names;
}

class MergedList : public ::testing::Test {
 protected:
  MergedList() {
    for (int i = 0; i < kDeals; ++i) {
      fixture_.Put(NumberedDeal(i, absl::StrCat("users/", OwnerOf(i))));
    }
    full_ = fixture_.position();
    for (int i = 0; i < kDeals; i += 3) fixture_.Put(NumberedDeal(i, "users/hidden"));
  }

  std::vector<std::string> List(Position at, absl::string_view order_by, int page_size) {
    const Expression within = OfAnyOwner();
    ListQuery query{.order_by = order_by, .page_size = page_size};
    query.within = &within;
    const auto names = ListAll(fixture_.At(at), query);
    EXPECT_TRUE(names.ok()) << names.status();
    return names.value_or(std::vector<std::string>());
  }

  TableFixture fixture_;
  Position full_;  // where all are somebody's
};

TEST_F(MergedList, IsInOrderHoweverUnevenItsStretchesAre) {
  std::vector<std::pair<int64_t, std::string>> before, now;
  for (int i = 0; i < kDeals; ++i) {
    before.emplace_back(DayOf(i), NameOf(i));
    if (i % 3 != 0) now.emplace_back(DayOf(i), NameOf(i));
  }
  for (const int page_size : {3, 50, 1'000}) {
    EXPECT_EQ(List(full_, "expected_close_date", page_size), InOrder(before, false)) << page_size;
    EXPECT_EQ(List(fixture_.position(), "expected_close_date", page_size), InOrder(now, false));
    EXPECT_EQ(List(full_, "expected_close_date desc", page_size), InOrder(before, true));
    EXPECT_EQ(List(fixture_.position(), "expected_close_date desc", page_size), InOrder(now, true));
  }
}

TEST_F(MergedList, IsInOrderOfWhatIsKeptForThePresentOnly) {
  std::vector<std::pair<int64_t, std::string>> now;
  for (int i = 0; i < kDeals; ++i) {
    if (i % 3 != 0) now.emplace_back(ActivityOf(i), NameOf(i));
  }
  for (const int page_size : {7, 50}) {
    EXPECT_EQ(List(fixture_.position(), "last_activity_time", page_size), InOrder(now, false));
    EXPECT_EQ(List(fixture_.position(), "last_activity_time desc", page_size), InOrder(now, true));
  }
}

// What one alternative is found by is no way to another one that asks for other fields.
TEST(MergedListOfFields, HasWhatEachAlternativeFinds) {
  TableFixture fixture;
  for (int i = 0; i < 8; ++i) {
    Deal deal = MakeDeal(absl::StrCat("deals/", i), absl::StrCat("users/", i), "Crane");
    deal.add_contacts()->set_contact(absl::StrCat("contacts/", i));
    fixture.Put(deal);
  }
  EXPECT_THAT(
      *ListAll(fixture.Latest(), {.filter = "owner in (users/0, users/1, users/5) OR "
                                            "contact in (contacts/1, contacts/2, contacts/3)",
                                  .page_size = 2}),
      ElementsAre("deals/0", "deals/1", "deals/2", "deals/3", "deals/5"));
}

}  // namespace
}  // namespace kith::projections
