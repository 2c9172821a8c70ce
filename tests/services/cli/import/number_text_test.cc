// Numbers as tables have them.
#include "services/cli/import/number_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::cli {
namespace {

std::string Read(absl::string_view text, char decimal, absl::string_view currency = "") {
  const auto read = ReadNumber(text, decimal, currency);
  return read.ok() ? *read : absl::StrCat("refused: ", read.status().message());
}

TEST(ReadNumber, TakesGroupsAndFractions) {
  EXPECT_EQ(Read("1.234.567,50", ','), "1234567.50");
  EXPECT_EQ(Read("1,234,567.50", '.'), "1234567.50");
  EXPECT_EQ(Read("12,34,567", '.'), "1234567");
  EXPECT_EQ(Read("1 234,5", ','), "1234.5");
  EXPECT_EQ(Read("1\u00A0234\u202F567", ','), "1234567") << "spaces that do not break";
}

TEST(ReadNumber, TakesApostrophesAndNoGroups) {
  EXPECT_EQ(Read("1'234'567.89", '.'), "1234567.89");
  EXPECT_EQ(Read("1234", '.'), "1234");
  EXPECT_EQ(Read(",5", ','), "0.5");
  EXPECT_EQ(Read(" 007 ", ','), "007");
}

TEST(ReadNumber, TakesAMinusWhereverItStands) {
  EXPECT_EQ(Read("-5,0", ','), "-5.0");
  EXPECT_EQ(Read("5,0-", ','), "-5.0");
  EXPECT_EQ(Read("(5.00)", '.'), "-5.00");
  EXPECT_EQ(Read("€ -5", '.'), "-5 EUR");
  EXPECT_EQ(Read("−5 €", '.'), "-5 EUR");
  EXPECT_EQ(Read("+5", '.'), "5");
}

TEST(ReadNumber, KnowsWhatStandsForACurrency) {
  EXPECT_EQ(Read("1.000,50 €", ','), "1000.50 EUR");
  EXPECT_EQ(Read("CHF 1'000.50", '.'), "1000.50 CHF");
  EXPECT_EQ(Read("$1,000", '.', "USD"), "1000 USD");
  EXPECT_EQ(Read("1 000 kr", '.', "NOK"), "1000 NOK");
  EXPECT_EQ(Read("1000", '.', "EUR"), "1000 EUR");
  EXPECT_THAT(Read("$1,000", '.'), ::testing::HasSubstr("say one in the mapping"));
  EXPECT_THAT(Read("5 £", '.', "EUR"), ::testing::HasSubstr("another currency than EUR"));
}

// Goal: what is ambiguous or none is told, and never a thousand times too much.
TEST(ReadNumber, RefusesWhatIsNone) {
  for (const char* const text : {"", " ", "€", "much", "1.23", "1.2345,0", "1,2,3", "1.000 .000",
                                 "1..000", "1,5,0", "--5", "5 €€", "1e5", "NaN"}) {
    EXPECT_FALSE(ReadNumber(text, ',', "").ok()) << text;
  }
}

}  // namespace
}  // namespace kith::cli
