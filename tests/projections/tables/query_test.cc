#include "projections/tables/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "eventstore/base/error.h"
#include "kith/type/v1/errors.pb.h"

namespace kith::projections {
namespace {

using ::testing::HasSubstr;

std::string Written(const Comparison& comparison) {
  return absl::StrCat(comparison.field, OperatorText(comparison.op), "[", comparison.literal, "]",
                      comparison.prefix ? "*" : "");
}

std::string Parsed(absl::string_view filter) {
  const auto parsed = ParseFilter(filter);
  if (!parsed.ok()) return parsed.status().ToString();
  std::string written;
  for (const Comparison& comparison : *parsed) absl::StrAppend(&written, Written(comparison), " ");
  return written;
}

TEST(ParseFilter, ReadsEveryOperator) {
  EXPECT_EQ(Parsed("a=1"), "a=[1] ");
  EXPECT_EQ(Parsed("a != 1 AND b<2 AND c<= 3 AND d >4 AND e>=5 AND f:6"),
            "a!=[1] b<[2] c<=[3] d>[4] e>=[5] f:[6] ");
}

TEST(ParseFilter, ReadsLiterals) {
  EXPECT_EQ(Parsed(R"(a = "two words")"), "a=[two words] ");
  EXPECT_EQ(Parsed(R"(a = "say \"hi\" \\ ")"), R"(a=[say "hi" \ ] )");
  EXPECT_EQ(Parsed("a = users/01J-x_y.z"), "a=[users/01J-x_y.z] ");
  EXPECT_EQ(Parsed("a > -5.5"), "a>[-5.5] ");
  EXPECT_EQ(Parsed("a = Zürich"), "a=[Zürich] ");
  EXPECT_EQ(Parsed("a = \"\""), "a=[] ");
  EXPECT_EQ(Parsed("a = AND AND b = OR"), "a=[AND] b=[OR] ");
}

TEST(ParseFilter, TellsAPrefixFromAStar) {
  EXPECT_EQ(Parsed("a = ab*"), "a=[ab]* ");
  EXPECT_EQ(Parsed("a = \"ab*\""), "a=[ab]* ");
  EXPECT_EQ(Parsed(R"(a = "ab\*")"), "a=[ab*] ");
  EXPECT_EQ(Parsed("a:*"), "a:[]* ");
  EXPECT_THAT(Parsed("a = *b"), HasSubstr("at the end"));
  EXPECT_THAT(Parsed("a < b*"), HasSubstr("goes with ="));
}

TEST(ParseFilter, ReadsParenthesesAndSpace) {
  EXPECT_EQ(Parsed(" ( a=1 AND ( b=2 ) ) AND c=3 "), "a=[1] b=[2] c=[3] ");
  EXPECT_EQ(Parsed(""), "");
  EXPECT_EQ(Parsed(" \n\t"), "");
}

TEST(ParseFilter, SaysWhatItDoesNotSupport) {
  EXPECT_THAT(Parsed("a=1 OR b=2"), HasSubstr("OR at character 5 is not supported"));
  EXPECT_THAT(Parsed("NOT a=1"), HasSubstr("NOT at character 1 is not supported"));
  EXPECT_THAT(Parsed("-a=1"), HasSubstr("NOT at character 1 is not supported"));
}

TEST(ParseFilter, SaysWhatItExpectedAndWhere) {
  EXPECT_THAT(Parsed("a"), HasSubstr("ended where one of = != < <= > >= : is expected"));
  EXPECT_THAT(Parsed("a ="), HasSubstr("a value is expected"));
  EXPECT_THAT(Parsed("a = \"open"), HasSubstr("a closing \" is expected"));
  EXPECT_THAT(Parsed("a = \"open\\"), HasSubstr("a closing \" is expected"));
  EXPECT_THAT(Parsed("(a = 1"), HasSubstr("AND or ) is expected"));
  EXPECT_THAT(Parsed("a = 1)"), HasSubstr("AND or the end is expected, at character 6"));
  EXPECT_THAT(Parsed("a = 1 b = 2"), HasSubstr("AND or the end is expected"));
  EXPECT_THAT(Parsed("= 1"), HasSubstr("a field is expected"));
  EXPECT_THAT(Parsed("1a = 1"), HasSubstr("a field is expected"));
  EXPECT_THAT(Parsed("a = (b)"), HasSubstr("put it in quotes"));
}

TEST(ParseFilter, IsBounded) {
  EXPECT_THAT(Parsed(std::string(kFilterBytesMax + 1, ' ')), HasSubstr("at most"));
  EXPECT_THAT(Parsed(std::string(1000, '(')), HasSubstr("too many parentheses"));
  std::string many = "a=1";
  for (size_t i = 0; i < kComparisonsMax; ++i) many += " AND a=1";
  EXPECT_THAT(Parsed(many), HasSubstr("at most 32 comparisons"));
}

// Text made of what the grammar is made of, which reaches further into the parser than random
// bytes.
std::string Garbage() {
  static const std::vector<std::string> kPieces = {
      "a",    "b.c", " ",  "=", "!=", "<=", ":", "(", ")", "AND",
      "OR",   "NOT", "\"", "'", "\\", "*",  "-", "1", "é", std::string(1, '\0'),
      "\xff", ","};
  std::string text;
  for (const int piece : *rc::gen::container<std::vector<int>>(
           rc::gen::inRange<int>(0, static_cast<int>(kPieces.size())))) {
    text += kPieces[piece];
  }
  return text;
}

RC_GTEST_PROP(ParseFilter, SurvivesGarbage, ()) {
  for (const std::string& text : {Garbage(), *rc::gen::arbitrary<std::string>()}) {
    const auto parsed = ParseFilter(text);
    RC_ASSERT(parsed.ok() || IsError(parsed.status(), type::v1::ERROR_INVALID_FILTER));
    const auto order = ParseOrderBy(text);
    RC_ASSERT(order.ok() || IsError(order.status(), type::v1::ERROR_INVALID_FILTER));
  }
}

RC_GTEST_PROP(ParseFilter, GivesBackAnyQuotedText, (const std::string& text)) {
  std::string quoted = "field = \"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '*') quoted += '\\';
    quoted += c;
  }
  const auto parsed = ParseFilter(quoted + "\"");
  RC_ASSERT(parsed.ok());
  RC_ASSERT((*parsed)[0].literal == text);
  RC_ASSERT(!(*parsed)[0].prefix);
}

TEST(ParseOrderBy, ReadsFieldsAndDirections) {
  const auto order = ParseOrderBy(" a , b desc,c.d  asc ");
  ASSERT_TRUE(order.ok()) << order.status();
  ASSERT_EQ(order->size(), 3u);
  EXPECT_EQ((*order)[0].field, "a");
  EXPECT_FALSE((*order)[0].descending);
  EXPECT_EQ((*order)[1].field, "b");
  EXPECT_TRUE((*order)[1].descending);
  EXPECT_EQ((*order)[2].field, "c.d");
  EXPECT_FALSE((*order)[2].descending);
  EXPECT_TRUE(ParseOrderBy("")->empty());
}

TEST(ParseOrderBy, RefusesWhatIsNone) {
  for (const char* text : {"a,", ",", "a down", "a desc desc", "a b c", "1", "a, a", "a desc, a"}) {
    EXPECT_TRUE(IsError(ParseOrderBy(text).status(), type::v1::ERROR_INVALID_FILTER)) << text;
  }
}

}  // namespace
}  // namespace kith::projections
