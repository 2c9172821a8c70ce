// Lists by times that are relative to their moment.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "tests/projections/tables/table_fixture.h"

namespace kith::projections {
namespace {

using deals::v1::Deal;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ListOfTimes : public ::testing::Test {
 protected:
  std::string RefusalOf(absl::string_view filter) {
    const auto listed = ListAll(fixture_.Latest(), {.filter = filter});
    return listed.ok() ? "" : std::string(listed.status().message());
  }

  TableFixture fixture_;
};

// Every page counts from the moment of the first, and so do days, in the zone that is given.
TEST_F(ListOfTimes, CountRelativeTimesFromTheFirstPage) {
  for (int hour = 0; hour < 6; ++hour) {
    Deal deal = MakeDeal(absl::StrCat("deals/", hour), "users/a", "Crane");
    deal.mutable_create_time()->set_seconds(1'767'222'000 + hour * 3'600);  // 2025-12-31T23:00Z
    fixture_.Put(deal);
  }
  const ViewSnapshot snapshot = fixture_.Latest();
  ListQuery query{.filter = "create_time >= now-3h", .order_by = "create_time", .page_size = 2};
  query.moment.now = absl::FromUnixSeconds(1'767'222'000 + 5 * 3'600);
  const auto first = TestDeals().List(snapshot, kWorkspace, query);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(NamesOf(first->rows), ElementsAre("deals/2", "deals/3"));
  query.page_token = first->next_page_token;
  query.moment.now = absl::FromUnixSeconds(1'900'000'000);
  EXPECT_THAT(NamesOf(TestDeals().List(snapshot, kWorkspace, query)->rows),
              ElementsAre("deals/4", "deals/5"));
  query = {.filter = "create_time = today", .moment = {absl::FromUnixSeconds(1'767'222'000), {}}};
  EXPECT_THAT(NamesOf(TestDeals().List(snapshot, kWorkspace, query)->rows), ElementsAre("deals/0"));
  query.moment.zone = absl::FixedTimeZone(3'600);
  EXPECT_EQ(TestDeals().List(snapshot, kWorkspace, query)->rows.size(), 6u);
  EXPECT_THAT(RefusalOf("create_time > -3h"), HasSubstr("no moment to count from"));
}

// A period is all of its days, of times and of days alike.
TEST_F(ListOfTimes, KnowPeriods) {
  const char* const days[] = {"2025-12-31", "2026-01-01", "2026-01-31", "2026-02-01"};
  for (const char* day : days) {
    Deal deal = MakeDeal(absl::StrCat("deals/", day), "users/a", "Crane");
    absl::CivilDay civil;
    ASSERT_TRUE(absl::ParseCivilTime(day, &civil));
    deal.mutable_create_time()->set_seconds(
        absl::ToUnixSeconds(absl::FromCivil(civil, absl::UTCTimeZone())));
    deal.mutable_expected_close_date()->set_year(static_cast<int32_t>(civil.year()));
    deal.mutable_expected_close_date()->set_month(civil.month());
    deal.mutable_expected_close_date()->set_day(civil.day());
    fixture_.Put(deal);
  }
  const ViewSnapshot snapshot = fixture_.Latest();
  for (const std::string field : {"create_time", "expected_close_date"}) {
    const auto listed = [&](const char* comparison) {
      const std::string filter = absl::StrCat(field, comparison);
      ListQuery query{.filter = filter, .order_by = field};
      query.moment.now = absl::FromUnixSeconds(1'767'700'000);  // 2026-01-06
      const auto page = TestDeals().List(snapshot, kWorkspace, query);
      EXPECT_TRUE(page.ok()) << page.status();
      return page.ok() ? NamesOf(page->rows) : std::vector<std::string>();
    };
    EXPECT_THAT(listed(" = this_month"), ElementsAre("deals/2026-01-01", "deals/2026-01-31"));
    EXPECT_THAT(listed(" != this_month"), ElementsAre("deals/2025-12-31", "deals/2026-02-01"));
    EXPECT_THAT(listed(" < this_month"), ElementsAre("deals/2025-12-31"));
    EXPECT_THAT(listed(" <= this_year"), ::testing::SizeIs(4));
    EXPECT_THAT(listed(" > this_month"), ElementsAre("deals/2026-02-01"));
    EXPECT_THAT(listed(" >= next_month"), ElementsAre("deals/2026-02-01"));
    EXPECT_THAT(listed(" in (last_month, next_month)"),
                ElementsAre("deals/2025-12-31", "deals/2026-02-01"));
  }
  EXPECT_THAT(RefusalOf("create_time = last_fortnight"), HasSubstr("is no period"));
}

}  // namespace
}  // namespace kith::projections
