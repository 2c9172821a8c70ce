#include "projections/tables/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "eventstore/base/error.h"
#include "kith/type/v1/errors.pb.h"

namespace kith::projections {
namespace {

using ::testing::HasSubstr;

std::string Written(const Expression& expression) {
  const Comparison& comparison = expression.comparison;
  switch (expression.kind) {
    case Expression::Kind::kComparison:
      return absl::StrCat(comparison.field, OperatorText(comparison.op), "[", comparison.literal,
                          "]", comparison.prefix ? "*" : "", comparison.is_call ? "()" : "");
    case Expression::Kind::kNot:
      return absl::StrCat("not ", Written(expression.parts[0]));
    case Expression::Kind::kAll:
    case Expression::Kind::kAny:
      break;
  }
  std::string written = expression.kind == Expression::Kind::kAll ? "all(" : "any(";
  for (const Expression& part : expression.parts) absl::StrAppend(&written, Written(part), " ");
  return written + ")";
}

std::string Parsed(absl::string_view filter) {
  const auto parsed = ParseFilter(filter);
  return parsed.ok() ? Written(*parsed) : parsed.status().ToString();
}

TEST(ParseFilter, ReadsEveryOperator) {
  EXPECT_EQ(Parsed("a=1"), "a=[1]");
  EXPECT_EQ(Parsed("a != 1 AND b<2 AND c<= 3 AND d >4 AND e>=5 AND f:6"),
            "all(a!=[1] b<[2] c<=[3] d>[4] e>=[5] f:[6] )");
  EXPECT_EQ(Parsed("a in (1, \"two\" ,three)"), "any(a=[1] a=[two] a=[three] )");
  EXPECT_EQ(Parsed("a IN(1)"), "a=[1]");
  EXPECT_EQ(Parsed("contains( a , \"x y\" )"), "acontains[x y]");
}

TEST(ParseFilter, ReadsLiterals) {
  EXPECT_EQ(Parsed(R"(a = "two words")"), "a=[two words]");
  EXPECT_EQ(Parsed(R"(a = "say \"hi\" \\ ")"), R"(a=[say "hi" \ ])");
  EXPECT_EQ(Parsed("a = users/01J-x_y.z"), "a=[users/01J-x_y.z]");
  EXPECT_EQ(Parsed("a > -5.5"), "a>[-5.5]");
  EXPECT_EQ(Parsed("a = Zürich"), "a=[Zürich]");
  EXPECT_EQ(Parsed("a = \"\""), "a=[]");
  EXPECT_EQ(Parsed("a = AND AND b = OR"), "all(a=[AND] b=[OR] )");
  EXPECT_EQ(Parsed("a > now() AND b < -30d"), "all(a>[now]() b<[-30d] )");
}

TEST(ParseFilter, TellsAPrefixFromAStar) {
  EXPECT_EQ(Parsed("a = ab*"), "a=[ab]*");
  EXPECT_EQ(Parsed("a = \"ab*\""), "a=[ab]*");
  EXPECT_EQ(Parsed(R"(a = "ab\*")"), "a=[ab*]");
  EXPECT_EQ(Parsed("a:*"), "a:[]*");
  EXPECT_EQ(Parsed("a != ab*"), "a!=[ab]*");
  EXPECT_THAT(Parsed("a = *b"), HasSubstr("at the end"));
  EXPECT_THAT(Parsed("a < b*"), HasSubstr("goes with ="));
}

TEST(ParseFilter, BindsOrTighterThanAnd) {
  EXPECT_EQ(Parsed("a=1 AND b=2 OR c=3"), "all(a=[1] any(b=[2] c=[3] ) )");
  EXPECT_EQ(Parsed("a=1 OR b=2 AND c=3"), "all(any(a=[1] b=[2] ) c=[3] )");
  EXPECT_EQ(Parsed("(a=1 AND b=2) OR c=3"), "any(all(a=[1] b=[2] ) c=[3] )");
  EXPECT_EQ(Parsed("a=1 b=2 OR c=3"), "all(a=[1] any(b=[2] c=[3] ) )");
}

TEST(ParseFilter, NegatesWhatFollows) {
  EXPECT_EQ(Parsed("NOT a=1 OR b=2"), "any(not a=[1] b=[2] )");
  EXPECT_EQ(Parsed("-a=1 -(b=2 c=3)"), "all(not a=[1] not all(b=[2] c=[3] ) )");
  EXPECT_THAT(Parsed("NOT NOT a=1"), HasSubstr("a comparison is expected, at character 5"));
  EXPECT_THAT(Parsed("- a=1"), HasSubstr("a comparison is expected, at character 2"));
}

TEST(ParseFilter, ReadsWordsWithoutAField) {
  EXPECT_EQ(Parsed("müller"), "[müller]");
  EXPECT_EQ(Parsed("anna \"mü ber\" OR b = 1"), "all([anna] any([mü ber] b=[1] ) )");
  EXPECT_EQ(Parsed("Müll*"), "[Müll]*");
  EXPECT_THAT(Parsed("a=1 and b=2"), HasSubstr("and is written in capitals"));
  EXPECT_THAT(Parsed("a=1 Or b=2"), HasSubstr("Or is written in capitals"));
}

// Taken as words to look for, they would find nothing, and nobody would know why.
TEST(ParseFilter, SaysWhatSqlsWordsAre) {
  EXPECT_THAT(Parsed("owner is null"), HasSubstr("did you mean owner = \"\"?"));
  EXPECT_THAT(Parsed("owner is null"), HasSubstr("at character 1"));
  EXPECT_THAT(Parsed("a = 1 AND (owner IS  Not NULL)"), HasSubstr("did you mean owner:*?"));
  EXPECT_THAT(Parsed("a=1 owner IS NULL b=2"), HasSubstr("at character 5"));
  EXPECT_THAT(Parsed("first_name like '%ada%'"),
              HasSubstr("did you mean contains(first_name, \"…\")?"));
  EXPECT_THAT(Parsed("first_name LIKE %ada%"), HasSubstr("did you mean contains(first_name, "));
  EXPECT_EQ(Parsed("\"owner\" is null"), "all([owner] [is] [null] )");
  EXPECT_EQ(Parsed("this is it"), "all([this] [is] [it] )");
  EXPECT_EQ(Parsed("people like us"), "all([people] [like] [us] )");
}

TEST(ParseFilter, ReadsParenthesesAndSpace) {
  EXPECT_EQ(Parsed(" ( a=1 AND ( b=2 ) ) AND c=3 "), "all(all(a=[1] b=[2] ) c=[3] )");
  EXPECT_EQ(Parsed(""), "all()");
  EXPECT_EQ(Parsed(" \n\t"), "all()");
}

TEST(ParseFilter, SaysWhatItExpectedAndWhere) {
  EXPECT_THAT(Parsed("a ="), HasSubstr("a value is expected, at character 4"));
  EXPECT_THAT(Parsed("ä = "), HasSubstr("no field of that name, at character 1"));
  EXPECT_THAT(Parsed("x = ä AND y ="), HasSubstr("at character 14"));
  EXPECT_THAT(Parsed("a = \"open"), HasSubstr("a closing \" is expected"));
  EXPECT_THAT(Parsed("a = \"open\\"), HasSubstr("a closing \" is expected"));
  EXPECT_THAT(Parsed("(a = 1"), HasSubstr("AND, OR or ) is expected"));
  EXPECT_THAT(Parsed("a = 1)"), HasSubstr("or the end is expected, at character 6"));
  EXPECT_THAT(Parsed("= 1"), HasSubstr("a comparison is expected, at character 1"));
  EXPECT_THAT(Parsed("a = 1 AND"), HasSubstr("ended where a comparison is expected"));
  EXPECT_THAT(Parsed("a = 1 OR AND b = 1"), HasSubstr("a comparison is expected"));
  EXPECT_THAT(Parsed("a = (b)"), HasSubstr("put it in quotes"));
  EXPECT_THAT(Parsed("a in (1"), HasSubstr("a comma or ) is expected"));
  EXPECT_THAT(Parsed("a in ()"), HasSubstr("a value"));
  EXPECT_THAT(Parsed("contain(a, b)"), HasSubstr("There is no function contain"));
  EXPECT_THAT(Parsed("contains(a)"), HasSubstr("a comma and a text is expected"));
  EXPECT_THAT(Parsed("contains(a, \"\")"), HasSubstr("a text that is not empty"));
}

TEST(ParseFilter, IsBounded) {
  EXPECT_THAT(Parsed(std::string(kFilterBytesMax + 1, ' ')), HasSubstr("at most"));
  EXPECT_THAT(Parsed(std::string(kFilterBytesMax, '(')), HasSubstr("too many parentheses"));
  EXPECT_THAT(Parsed(std::string(kFilterBytesMax, '-')), HasSubstr("a comparison is expected"));
  const std::string at_depth = std::string(kDepthMax, '(') + "a=1" + std::string(kDepthMax, ')');
  EXPECT_EQ(Parsed(at_depth), "a=[1]");
  EXPECT_THAT(Parsed("(" + at_depth + ")"), HasSubstr("there may be 32, at character 33"));
  std::string many = "a=1";
  for (size_t i = 1; i < kComparisonsMax; ++i) many += " OR a=1";
  EXPECT_TRUE(ParseFilter(many).ok());
  EXPECT_THAT(Parsed(many + " OR a=1"), HasSubstr("at most 100 comparisons"));
  std::string more;
  for (int i = 0; i < 10'000; ++i) more += "a=1 OR ";
  EXPECT_THAT(Parsed(more), HasSubstr("at most 4096 bytes"));
}

// Text made of what the grammar is made of, which reaches further into the parser than random
// bytes.
std::string Garbage() {
  static const std::vector<std::string> kPieces = {
      "a",    "b.c", " ",     "=",         "!=",   "<=", ":", "(", ")", "AND",
      "OR",   "NOT", "\"",    "'",         "\\",   "*",  "-", "1", "é", std::string(1, '\0'),
      "\xff", ",",   " in (", "contains(", "now()"};
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
  RC_ASSERT(parsed->comparison.literal == text);
  RC_ASSERT(!parsed->comparison.prefix);
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
