#include "projections/store/key_codec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>
#include <vector>

namespace kith::projections {
namespace {

// Bytes with many zeros and 0xff, where the escape matters.
rc::Gen<std::string> Bytes() {
  return rc::gen::container<std::string>(rc::gen::element<char>('\0', '\1', '\xff', 'a', 'b'));
}

template <class Value>
bool SortsAlike(const Value& a, const Value& b) {
  return (a < b) == (KeyOf(a) < KeyOf(b)) && (a == b) == (KeyOf(a) == KeyOf(b));
}

RC_GTEST_PROP(KeyOf, SortsAsTheValuesDo, (int64_t a, int64_t b, uint64_t c, uint64_t d)) {
  RC_ASSERT(SortsAlike(a, b));
  RC_ASSERT(SortsAlike(c, d));
  const std::string e = *Bytes(), f = *Bytes();
  RC_ASSERT(SortsAlike(e, f));
  const double g = *rc::gen::arbitrary<double>(), h = *rc::gen::arbitrary<double>();
  RC_PRE(!std::isnan(g) && !std::isnan(h));
  RC_ASSERT(SortsAlike(g, h));
  const absl::Time i = absl::FromUnixMicros(a), j = absl::FromUnixMicros(b);
  RC_ASSERT(SortsAlike(i, j));
}

RC_GTEST_PROP(KeyOf, SortsComponentByComponent, (int64_t b, int64_t d)) {
  const std::string a = *Bytes(), c = *Bytes();
  RC_ASSERT((std::tie(a, b) < std::tie(c, d)) == (KeyOf(a, b) < KeyOf(c, d)));
}

RC_GTEST_PROP(StringKeyPrefix, IsSharedByExactlyTheStringsThatBeginSo, ()) {
  const std::string text = *Bytes(), beginning = *Bytes();
  const std::string key = KeyOf(text), prefix = StringKeyPrefix(beginning);
  RC_ASSERT((key.compare(0, prefix.size(), prefix) == 0) ==
            (text.compare(0, beginning.size(), beginning) == 0));
}

RC_GTEST_PROP(SkipKeyComponent, TakesOneComponentOffTheFront, (int64_t number)) {
  const std::string text = *Bytes(), rest = *Bytes();
  const std::string key = KeyOf(text, number, true) + rest;
  absl::string_view left = key;
  RC_ASSERT(SkipKeyComponent(FieldType::kString, &left));
  RC_ASSERT(SkipKeyComponent(FieldType::kInteger, &left));
  RC_ASSERT(SkipKeyComponent(FieldType::kBool, &left));
  RC_ASSERT(left == rest);
}

RC_GTEST_PROP(SkipKeyComponent, SurvivesGarbage, ()) {
  const std::string bytes = *Bytes();
  for (const FieldType type : {FieldType::kString, FieldType::kBool, FieldType::kDate,
                               FieldType::kInteger, FieldType::kTime}) {
    absl::string_view left = bytes;
    if (SkipKeyComponent(type, &left)) RC_ASSERT(left.size() < bytes.size());
  }
}

TEST(KeyOf, SortsDatesAndTheUnsetOnesFirst) {
  const auto date = [](int year, int month, int day) {
    google::type::Date date;
    date.set_year(year);
    date.set_month(month);
    date.set_day(day);
    return KeyOf(date);
  };
  EXPECT_LT(date(0, 0, 0), date(0, 1, 1));
  EXPECT_LT(date(2025, 12, 31), date(2026, 1, 1));
  EXPECT_LT(date(2026, 1, 31), date(2026, 2, 1));
  EXPECT_LT(KeyOf(absl::InfinitePast()), KeyOf(absl::UnixEpoch() - absl::Hours(1'000'000)));
  EXPECT_EQ(KeyOf(0.0), KeyOf(-0.0));
}

TEST(KeyOf, SortsMoneyByCurrencyThenAmount) {
  const auto money = [](const char* currency, int64_t units, int32_t nanos) {
    google::type::Money money;
    money.set_currency_code(currency);
    money.set_units(units);
    money.set_nanos(nanos);
    return KeyOf(money);
  };
  const std::vector<std::string> sorted = {
      money("", 0, 0),     money("EUR", -2, 0), money("EUR", -1, -500),       money("EUR", -1, 0),
      money("EUR", 0, -1), money("EUR", 0, 0),  money("EUR", 0, 999'999'999), money("EUR", 1, 0),
      money("USD", -9, 0)};
  EXPECT_TRUE(std::is_sorted(sorted.begin(), sorted.end()));
  std::string key = money("EUR", 1, 2) + "rest";
  absl::string_view rest = key;
  EXPECT_TRUE(SkipKeyComponent(FieldType::kMoney, &rest));
  EXPECT_EQ(rest, "rest");
  rest = absl::string_view(key).substr(0, 10);
  EXPECT_FALSE(SkipKeyComponent(FieldType::kMoney, &rest));
}

// Keys are persisted.
TEST(KeyOf, KeepsItsBytes) {
  EXPECT_EQ(KeyOf("a"), std::string("a\0\1", 3));
  EXPECT_EQ(KeyOf(std::string("\0", 1)), std::string("\0\xff\0\1", 4));
  EXPECT_EQ(KeyOf(true), "\1");
  EXPECT_EQ(KeyOf(1), std::string("\x80\0\0\0\0\0\0\1", 8));
  EXPECT_EQ(KeyOf(1u), std::string("\0\0\0\0\0\0\0\1", 8));
  EXPECT_EQ(KeyOf(FieldType::kDate), std::string("\x80\0\0\7", 4));
  EXPECT_EQ(KeyOf(absl::FromUnixMicros(2)), std::string("\x80\0\0\0\0\0\0\2", 8));
}

}  // namespace
}  // namespace kith::projections
