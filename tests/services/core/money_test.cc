#include "services/core/money.h"

#include <limits>

#include "eventstore/base/error.h"
#include "gtest/gtest.h"
#include "kith/type/v1/errors.pb.h"
#include "rapidcheck/gtest.h"

namespace kith {
namespace {

google::type::Money Money(absl::string_view currency, int64_t units, int32_t nanos = 0) {
  google::type::Money money;
  money.set_currency_code(std::string(currency));
  money.set_units(units);
  money.set_nanos(nanos);
  return money;
}

TEST(CurrencyDecimals, FollowsIso4217) {
  EXPECT_EQ(CurrencyDecimals("EUR"), 2);
  EXPECT_EQ(CurrencyDecimals("JPY"), 0);
  EXPECT_EQ(CurrencyDecimals("KWD"), 3);
  EXPECT_EQ(CurrencyDecimals("CLF"), 4);
}

TEST(CurrencyDecimals, KnowsNoOtherText) {
  for (const char* text : {"", "eur", "EURO", "EU", "XXX", "DEM", "E R"}) {
    EXPECT_FALSE(CurrencyDecimals(text).has_value()) << text;
  }
}

TEST(MoneyDefect, FindsNoneInExactAmounts) {
  EXPECT_EQ(MoneyDefect(Money("EUR", 1000, 500'000'000)), "");
  EXPECT_EQ(MoneyDefect(Money("EUR", -1, -10'000'000)), "");
  EXPECT_EQ(MoneyDefect(Money("JPY", 7)), "");
  EXPECT_EQ(MoneyDefect(Money("KWD", 0, 1'000'000)), "");
}

TEST(MoneyDefect, NamesWhatIsWrong) {
  EXPECT_EQ(MoneyDefect(Money("eur", 1)), "must have an ISO 4217 currency code in use");
  EXPECT_EQ(MoneyDefect(Money("EUR", 1, 1)), "must not have more than 2 decimals in EUR");
  EXPECT_EQ(MoneyDefect(Money("JPY", 1, 500'000'000)), "must not have more than 0 decimals in JPY");
  EXPECT_EQ(MoneyDefect(Money("EUR", 1, -10'000'000)), "must have units and nanos of one sign");
  EXPECT_EQ(MoneyDefect(Money("EUR", 1, 1'000'000'000)), "must have nanos within one unit");
  EXPECT_EQ(MoneyDefect(Money("EUR", std::numeric_limits<int64_t>::max())), "is too large");
}

RC_GTEST_PROP(MinorUnits, AreTheWholeAmount, (int64_t minor)) {
  for (const char* currency : {"EUR", "JPY", "KWD", "CLF"}) {
    const google::type::Money money = *MoneyOf(minor, currency);
    RC_ASSERT(MoneyDefect(money) == "");
    RC_ASSERT(MinorUnits(money) == minor);
  }
}

TEST(DivideHalfEven, RoundsHalvesToTheEvenNeighbour) {
  EXPECT_EQ(DivideHalfEven(25, 10), 2);
  EXPECT_EQ(DivideHalfEven(35, 10), 4);
  EXPECT_EQ(DivideHalfEven(-25, 10), -2);
  EXPECT_EQ(DivideHalfEven(-35, 10), -4);
  EXPECT_EQ(DivideHalfEven(26, 10), 3);
  EXPECT_EQ(DivideHalfEven(-26, 10), -3);
  EXPECT_EQ(DivideHalfEven(24, 10), 2);
}

TEST(MoneySum, KeepsCurrenciesApart) {
  MoneySum sum;
  sum.Add(Money("EUR", 10));
  sum.Add(Money("USD", 5, 250'000'000));
  sum.Add(Money("EUR", 0, 10'000'000));
  const auto totals = *sum.Totals();
  ASSERT_EQ(totals.size(), 2u);
  EXPECT_EQ(MinorUnits(totals[0]), 1001);
  EXPECT_EQ(totals[0].currency_code(), "EUR");
  EXPECT_EQ(MinorUnits(totals[1]), 525);
}

TEST(MoneySum, RoundsTheSumAndNotItsParts) {
  // Each half cent would round to 0 alone.
  MoneySum sum;
  for (int i = 0; i < 4; ++i) sum.AddMinor("EUR", 1, 50);
  EXPECT_EQ(MinorUnits(sum.Totals()->at(0)), 2);
}

TEST(MoneySum, HoldsMoreMinorUnitsThan64Bits) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  MoneySum sum;
  for (int i = 0; i < 3; ++i) sum.AddMinor("EUR", kMax);
  const auto totals = sum.Totals();
  ASSERT_TRUE(totals.ok()) << totals.status();
  EXPECT_EQ(totals->at(0).units(), 276'701'161'105'643'274);
  EXPECT_EQ(totals->at(0).nanos(), 210'000'000);
  EXPECT_TRUE(MinorUnits(totals->at(0)) == static_cast<__int128>(kMax) * 3);
}

TEST(MoneySum, IsRefusedRatherThanCut) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  for (const int64_t most : {kMax, -kMax}) {
    MoneySum sum;
    sum.AddMinor("JPY", most);
    EXPECT_TRUE(sum.Totals().ok());
    sum.AddMinor("JPY", most);
    EXPECT_TRUE(IsError(sum.Totals().status(), type::v1::ERROR_OUT_OF_RANGE));
  }
}

TEST(MoneySum, DoesNotOverflowWhileItAdds) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  MoneySum sum;
  sum.AddMinor("EUR", kMax);
  sum.AddMinor("EUR", kMax);
  sum.AddMinor("EUR", -kMax);
  EXPECT_EQ(MinorUnits(sum.Totals()->at(0)), kMax);
}

}  // namespace
}  // namespace kith
