#include "services/runtime/effects/lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace kith::runtime {
namespace {

using ::testing::ElementsAre;

class LanesTest : public ::testing::Test {
 protected:
  void Enter(const std::string& lane, int number) {
    lanes_.Enter(lane, [this, lane, number] { begun_.push_back(absl::StrCat(lane, number)); });
  }

  Lanes lanes_{2};
  std::vector<std::string> begun_;
};

TEST_F(LanesTest, HoldUpNobodyForWhatGoesElsewhere) {
  for (int i = 1; i <= 4; ++i) Enter("slow", i);
  EXPECT_THAT(begun_, ElementsAre("slow1", "slow2"));
  for (int i = 1; i <= 4; ++i) {
    Enter("quick", i);
    lanes_.Leave("quick");
  }
  EXPECT_THAT(begun_, ElementsAre("slow1", "slow2", "quick1", "quick2", "quick3", "quick4"));
}

TEST_F(LanesTest, BeginWhatWaitsInItsOrderAsOthersLeave) {
  for (int i = 1; i <= 4; ++i) Enter("a", i);
  lanes_.Leave("a");
  EXPECT_THAT(begun_, ElementsAre("a1", "a2", "a3"));
  lanes_.Leave("a");
  EXPECT_THAT(begun_, ElementsAre("a1", "a2", "a3", "a4"));
  Enter("a", 5);
  EXPECT_EQ(begun_.size(), 4u);
  lanes_.Leave("a");
  EXPECT_THAT(begun_, ElementsAre("a1", "a2", "a3", "a4", "a5"));
  lanes_.Leave("a");
  lanes_.Leave("a");
  Enter("a", 6);
  EXPECT_EQ(begun_.back(), "a6");
}

TEST_F(LanesTest, BeginWhatEntersAsAnotherBegins) {
  std::vector<int> begun;
  lanes_.Enter("a", [&] {
    lanes_.Enter("a", [&] { begun.push_back(2); });
    lanes_.Enter("a", [&] { begun.push_back(3); });
    begun.push_back(1);
  });
  lanes_.Leave("a");
  EXPECT_THAT(begun, ElementsAre(2, 1, 3));
}

}  // namespace
}  // namespace kith::runtime
