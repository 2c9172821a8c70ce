#include "projections/deals/board_group.h"

#include <gtest/gtest.h>

#include "eventstore/base/proto_time.h"
#include "tests/projections/deals/deal_events.h"

namespace kith::deals {
namespace {

v1::Deal DealWorth(const google::type::Money& amount, int64_t entered_seconds) {
  v1::Deal deal = DealIn("deals/a", "new-lead");
  deal.set_status(v1::OPEN);
  *deal.mutable_amount() = amount;
  deal.mutable_stage_enter_time()->set_seconds(entered_seconds);
  return deal;
}

TEST(BoardGroup, IsAsItWasWhenADealHasComeAndGone) {
  v1::BoardGroup group;
  AddDeal(DealWorth(MoneyIn("EUR", 5), 10), 1, group);
  const std::string before = group.SerializeAsString();
  v1::Deal other = DealWorth(MoneyIn("USD", 7), 20);
  other.set_probability(33);
  AddDeal(other, 1, group);
  EXPECT_NE(group.SerializeAsString(), before);
  AddDeal(other, -1, group);
  EXPECT_EQ(group.SerializeAsString(), before);
}

TEST(BoardGroup, IsTheSameInWhateverOrderDealsCame) {
  v1::Deal a = DealWorth(MoneyIn("USD", 5), 10);
  v1::Deal b = DealWorth(MoneyIn("EUR", 7), 20);
  b.set_probability(10);
  v1::Deal c = DealWorth(MoneyIn("EUR", 9), 30);
  v1::BoardGroup forwards;
  v1::BoardGroup backwards;
  for (const v1::Deal* deal : {&a, &b, &c}) AddDeal(*deal, 1, forwards);
  for (const v1::Deal* deal : {&c, &b, &a}) AddDeal(*deal, 1, backwards);
  EXPECT_EQ(forwards.SerializeAsString(), backwards.SerializeAsString());
}

TEST(BoardGroup, AveragesTimesWhoseSumIsBeyond64Bits) {
  v1::BoardGroup group;
  constexpr int64_t kSeconds = 4'000'000'000;
  for (int i = 0; i < 10'000; ++i) AddDeal(DealWorth(MoneyIn("EUR", 1), kSeconds), 1, group);
  EXPECT_EQ(AverageAgeOf(group, absl::FromUnixSeconds(kSeconds + 60)), absl::Seconds(60));
}

TEST(BoardGroup, KeepsExactSumsBeyond64Bits) {
  v1::BoardGroup group;
  constexpr int64_t kMost = 90'000'000'000'000'000;  // just below 2^63 cents
  const v1::Deal deal = DealWorth(MoneyIn("EUR", kMost), 0);
  for (int i = 0; i < 3; ++i) AddDeal(deal, 1, group);
  for (int i = 0; i < 2; ++i) AddDeal(deal, -1, group);
  ASSERT_EQ(AmountsOf(group)->size(), 1u);
  EXPECT_EQ(AmountsOf(group)->at(0).units(), kMost);
}

TEST(BoardGroup, WeighsSumsBeyond64BitsExactly) {
  v1::BoardGroup group;
  const v1::Deal deal = DealWorth(MoneyIn("EUR", 90'000'000'000'000'000), 0);
  for (int i = 0; i < 4; ++i) AddDeal(deal, 1, group);
  EXPECT_EQ(WeightedAmountsOf(group, 25)->at(0).units(), 90'000'000'000'000'000);
}

}  // namespace
}  // namespace kith::deals
