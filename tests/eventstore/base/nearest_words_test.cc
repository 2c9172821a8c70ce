#include "eventstore/base/nearest_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kith {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(EditDistance, CountsLettersWhateverTheirCase) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("stage", "Stage"), 0u);
  EXPECT_EQ(EditDistance("stag", "stage"), 1u);
  EXPECT_EQ(EditDistance("owner", "onwer"), 2u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
}

TEST(NearestWords, AreThoseThatHoldItThenTheLikest) {
  const std::vector<std::string> words = {"amount", "close_time",       "owner",
                                          "stage",  "stage_enter_time", "status"};
  EXPECT_THAT(NearestWords("stag", words, 3), ElementsAre("stage", "stage_enter_time", "status"));
  EXPECT_THAT(NearestWords("onwer", words, 1), ElementsAre("owner"));
  EXPECT_THAT(NearestWords("deal_stage", words, 1), ElementsAre("stage"));
  EXPECT_THAT(NearestWords("stage", {}, 3), IsEmpty());
  EXPECT_THAT(NearestWords(std::string(1'000'000, 'x'), words, 9), ::testing::SizeIs(6));
}

}  // namespace
}  // namespace kith
