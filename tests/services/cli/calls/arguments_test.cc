#include "services/cli/calls/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::cli {
namespace {

using testing::ElementsAre;

absl::StatusOr<Arguments> Parse(const std::vector<std::string>& words) {
  return Arguments::Parse(words, [](absl::string_view name) { return name == "all"; });
}

TEST(Arguments, TellsFlagsFromOtherWords) {
  auto arguments =
      Parse({"deals/x", "--first-name", "Ada", "--all", "--probability=-5", "--", "--y"});
  ASSERT_TRUE(arguments.ok());
  EXPECT_THAT(arguments->positional(), ElementsAre("deals/x", "--y"));
  EXPECT_EQ(arguments->Take("first_name"), "Ada");
  EXPECT_EQ(arguments->Take("probability"), "-5");
  EXPECT_TRUE(arguments->TakeSwitch("all"));
  EXPECT_FALSE(arguments->TakeSwitch("all")) << "it was taken";
  EXPECT_TRUE(arguments->flags().empty());
}

TEST(Arguments, KeepsEveryValueOfARepeatedFlag) {
  auto arguments = Parse({"--tags", "a", "--x", "1", "--tags", "b"});
  ASSERT_TRUE(arguments.ok());
  EXPECT_THAT(arguments->TakeAll("tags"), ElementsAre("a", "b"));
  EXPECT_EQ(arguments->flags().size(), 1u);
}

TEST(Arguments, RefusesAFlagWithoutItsValue) {
  EXPECT_EQ(Parse({"--first-name"}).status().message(), "--first-name needs a value");
}

TEST(Arguments, TakesNoFlagForTheValueOfAnother) {
  const auto is_switch = [](absl::string_view) { return false; };
  EXPECT_EQ(Arguments::Parse({"--filter", "--limit", "5"}, is_switch).status().message(),
            "--filter needs a value; if that is --limit, write --filter=--limit");
  const auto day = Arguments::Parse({"--birthday", "--01-31", "--notes=--none"}, is_switch);
  ASSERT_TRUE(day.ok()) << day.status();
  EXPECT_EQ(day->flags()[0].value, "--01-31");
  EXPECT_EQ(day->flags()[1].value, "--none");
}

TEST(ExpectNothingLeft, NamesWhatIsLeft) {
  const auto arguments = Parse({"one", "two", "--tag-line", "x"});
  ASSERT_TRUE(arguments.ok());
  EXPECT_EQ(ExpectNothingLeft(*arguments, 2).message(), "unknown flag --tag-line");
  EXPECT_EQ(ExpectNothingLeft(*Parse({"one", "two"}), 1).message(), "\"two\" is one word too many");
}

TEST(DidYouMean, NamesOnlyWhatIsNear) {
  EXPECT_EQ(DidYouMean("amuont", {"amount", "owner"}, "--"), "; did you mean --amount?");
  EXPECT_EQ(DidYouMean("xyzzy", {"amount", "owner"}, "--"), "");
}

}  // namespace
}  // namespace kith::cli
