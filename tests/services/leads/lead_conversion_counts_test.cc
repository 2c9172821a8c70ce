// How many leads are converted: the formulas, as of any moment, and of those that one sees.
#include "tests/services/leads/leads_fixture.h"

namespace kith::leads {
namespace {

using ::testing::ElementsAre;

class LeadConversionsTest : public LeadsFixture {
 protected:
  LeadConversionsTest() : begin_(server_.clock().Now()) {}

  testing::Reply<v1::LeadConversions> Count(int from_day, int to_day, v1::LeadGrouping grouping,
                                            const std::string& as_of = "",
                                            const std::string& key = "") {
    v1::QueryLeadConversionsRequest request;
    const auto day = [&](int days) { return absl::ToUnixSeconds(begin_ + absl::Hours(24 * days)); };
    request.mutable_start_time()->set_seconds(day(from_day));
    request.mutable_end_time()->set_seconds(day(to_day));
    request.set_group_by(grouping);
    if (!as_of.empty()) request.mutable_read()->set_token(as_of);
    return server_.CallWith(key.empty() ? server_.secret() : key, &Stub::QueryLeadConversions,
                            request);
  }
  void PassDays(int days) { server_.clock().Advance(absl::Hours(24 * days)); }

  const absl::Time begin_;
};

// The cohort counts what becomes of those who come in the period, whenever; the period what is
// converted in it, whoever they are.
TEST_F(LeadConversionsTest, AreOfTheCohortAndOfThePeriod) {
  const std::string first = Created("first_name: 'A' source: AD");
  Created("first_name: 'B' source: AD");
  Created("first_name: 'C' source: REFERRAL");
  PassDays(10);
  const std::string fourth = Created("first_name: 'D' source: AD");
  const auto before = Do(&Stub::ConvertLead, fourth);
  PassDays(1);
  Do(&Stub::ConvertLead, first);

  const auto early = Count(0, 10, v1::BY_SOURCE);
  ASSERT_EQ(early->rows_size(), 2) << early.status.error_message();
  EXPECT_EQ(early->rows(0).source(), v1::AD);
  EXPECT_EQ(early->rows(0).created_count(), 2);
  EXPECT_EQ(early->rows(0).created_and_converted_count(), 1);
  EXPECT_EQ(early->rows(0).converted_count(), 0) << "it was later";
  EXPECT_EQ(early->rows(0).cohort_conversion_percent(), 50);
  EXPECT_EQ(early->rows(0).period_conversion_percent(), 0);
  EXPECT_EQ(early->total().created_count(), 3);
  EXPECT_EQ(early->total().cohort_conversion_percent(), 33.33);
  EXPECT_EQ(Count(0, 10, v1::BY_SOURCE, before.token)->total().created_and_converted_count(), 0)
      << "as of before";

  const auto late = Count(10, 20, v1::LEAD_GROUPING_UNSPECIFIED);
  EXPECT_EQ(late->rows_size(), 0);
  EXPECT_EQ(late->total().created_count(), 1);
  EXPECT_EQ(late->total().converted_count(), 2);
  EXPECT_EQ(late->total().period_conversion_percent(), 200);
}

TEST_F(LeadConversionsTest, HaveNoPercentageOfNothing) {
  const auto none = Count(100, 200, v1::BY_SOURCE);
  EXPECT_EQ(none.reason(), "");
  EXPECT_EQ(none->rows_size(), 0);
  EXPECT_FALSE(none->total().has_cohort_conversion_percent());
  EXPECT_THAT(Count(10, 10, v1::BY_SOURCE).fields(), ElementsAre("end_time"));
}

TEST_F(LeadConversionsTest, AreOfTheLeadsThatOneSees) {
  const std::string rep = CreateUser("roles: 'roles/sales-rep'");
  const std::string other = CreateUser("display_name: 'Bo'");
  Created(absl::StrCat("first_name: 'A' owner: '", rep, "'"));
  Created(absl::StrCat("first_name: 'B' owner: '", other, "'"));
  const auto all = Count(0, 1, v1::BY_OWNER);
  EXPECT_EQ(all->total().created_count(), 2);
  EXPECT_EQ(all->rows_size(), 2);
  const auto own = Count(0, 1, v1::BY_OWNER, "", KeyOf(rep));
  ASSERT_EQ(own->rows_size(), 1) << own.status.error_message();
  EXPECT_EQ(own->rows(0).owner(), rep);
  EXPECT_EQ(own->total().created_count(), 1);
}

}  // namespace
}  // namespace kith::leads
