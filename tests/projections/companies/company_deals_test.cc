#include "projections/companies/company_deals.h"

#include <gtest/gtest.h>

#include "eventstore/base/proto_time.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "projections/companies/company_activity.h"
#include "projections/deals/deal_list.h"
#include "tests/projections/deals/deal_events.h"
#include "tests/testing/view_spec.h"

namespace kith::companies {
namespace {

using deals::MoneyIn;
using testing::GivenOptions;
using testing::ViewSpec;

constexpr char kAcme[] = "companies/acme";
constexpr char kBolt[] = "companies/bolt";

class CompanyDealsTest : public ::testing::Test {
 protected:
  template <class Event>
  void Given(const std::string& stream, const Event& event, int day) {
    spec_.Given(stream, event, GivenOptions{.occur_time = Day(day)});
  }
  // Open, of a company.
  void GivenDeal(const std::string& name, const std::string& company,
                 const google::type::Money& amount, int day = 0) {
    deals::v1::Deal deal = deals::DealIn(name, "qualified");
    deal.set_company(company);
    *deal.mutable_amount() = amount;
    Given(name, deals::Created(deal), day);
  }
  absl::Time Day(int day) const { return start_ + absl::Hours(24) * day; }

  // "2 open, 1 won, 0 lost; EUR 300 / 100": by currency what is open and what is won.
  std::string Sums(const projections::ViewSnapshot& snapshot, const std::string& company = kAcme) {
    const auto sums = ReadDealSums(snapshot, spec_.workspace(), {std::string(company)});
    EXPECT_TRUE(sums.ok()) << sums.status();
    std::string text = absl::StrCat(sums->open_count(), " open, ", sums->won_count(), " won, ",
                                    sums->lost_count(), " lost");
    for (const v1::CompanyAmountSums& amount : sums->amounts()) {
      absl::StrAppend(&text, "; ", amount.currency_code(), " ", amount.open_minor_units().low(),
                      " / ", amount.won_minor_units().low());
    }
    return text;
  }
  int LastDay(const projections::ViewSnapshot& snapshot, const std::string& company = kAcme) {
    return static_cast<int>((*LastActivity(snapshot, spec_.workspace(), company) - start_) /
                            absl::Hours(24));
  }

  const absl::Time start_ = absl::FromUnixSeconds(1'700'000'000);
  ViewSpec spec_ = ViewSpec::Of<CompanyDeals, deals::DealList>()
                       .Takes<deals::v1::DealEvent>("deals")
                       .Takes<interactions::v1::InteractionEvent>("interactions");
};

TEST_F(CompanyDealsTest, SumsOpenAndWonDealsByCurrency) {
  GivenDeal("deals/1", kAcme, MoneyIn("USD", 1));
  GivenDeal("deals/2", kAcme, MoneyIn("EUR", 2));
  GivenDeal("deals/3", kAcme, MoneyIn("EUR", 3));
  GivenDeal("deals/4", kAcme, MoneyIn("EUR", 5));
  GivenDeal("deals/5", kBolt, MoneyIn("EUR", 8));
  Given("deals/3", deals::Won(), 1);
  Given("deals/4", deals::Lost(), 1);
  const auto then = spec_.Then();
  EXPECT_EQ(Sums(then), "2 open, 1 won, 1 lost; EUR 200 / 300; USD 100 / 0");
  EXPECT_EQ(Sums(then, kBolt), "1 open, 0 won, 0 lost; EUR 800 / 0");
  EXPECT_EQ(Sums(then, "companies/none"), "0 open, 0 won, 0 lost");
}

TEST_F(CompanyDealsTest, CountsADealToTheCompanyItNames) {
  GivenDeal("deals/1", kAcme, MoneyIn("EUR", 1));
  deals::v1::Deal moved = deals::DealIn("deals/1", "qualified");
  moved.set_company(kBolt);
  Given("deals/1", deals::Updated(moved, {"company"}), 1);
  const Position there = spec_.last();
  deals::v1::Deal repriced = deals::DealIn("deals/1", "qualified");
  *repriced.mutable_amount() = MoneyIn("USD", 7);
  Given("deals/1", deals::Updated(repriced, {"amount"}), 2);
  const Position priced = spec_.last();
  deals::v1::DealDeleted deleted;
  Given("deals/1", deleted, 3);
  const auto then = spec_.Then();
  EXPECT_EQ(Sums(then, kBolt), "0 open, 0 won, 0 lost");
  EXPECT_EQ(Sums(spec_.As(there)), "0 open, 0 won, 0 lost");
  EXPECT_EQ(Sums(spec_.As(there), kBolt), "1 open, 0 won, 0 lost; EUR 100 / 0");
  EXPECT_EQ(Sums(spec_.As(priced), kBolt), "1 open, 0 won, 0 lost; USD 700 / 0");
}

TEST_F(CompanyDealsTest, KnowsWhenSomethingLastHappenedAboutADeal) {
  GivenDeal("deals/1", kAcme, MoneyIn("EUR", 1), 1);
  Given("deals/1/interactions", deals::InteractionWith("deals/1"), 5);
  Given("deals/1", deals::Moved("negotiation"), 3);  // told late
  const Position touched = spec_.last();
  deals::v1::Deal moved = deals::DealIn("deals/1", "qualified");
  moved.set_company(kBolt);
  Given("deals/1", deals::Updated(moved, {"company"}), 7);
  Given("deals/1/interactions", deals::InteractionWith("deals/1"), 9);
  const auto then = spec_.Then();
  EXPECT_EQ(LastDay(spec_.As(touched)), 5);
  EXPECT_EQ(LastDay(then), 7);
  EXPECT_EQ(LastDay(then, kBolt), 9);
  EXPECT_EQ(*LastActivity(then, spec_.workspace(), "companies/none"), absl::InfinitePast());
}

}  // namespace
}  // namespace kith::companies
