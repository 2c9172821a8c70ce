// What holds of every policy that there is and will be, over the whole server. A history of acts by
// chance, which has each policy react, is lived twice: undisturbed, and with policies that rest,
// commits that fail, servers that stop and queues that are folded anew while they work. Nobody else
// writes meanwhile, so the log and the final rows have to be the same; and what is done is done
// once, and not again when everything is folded anew. Which policies there are, the server says: a
// new one that no act sets off fails the test.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/services/policies/policy_history.h"

namespace kith::policies {
namespace {

class PolicyHistories : public ::testing::TestWithParam<uint64_t> {};

TEST_P(PolicyHistories, EndAlikeWhateverDisturbsAnyPolicy) {
  SCOPED_TRACE(absl::StrCat("seed ", GetParam()));
  const std::vector<Act> acts = ActsOf(GetParam());
  History calm(GetParam());
  for (const Act& act : acts) {
    calm.Do(act);
    calm.AwaitQuiet();
  }
  History disturbed(GetParam());
  std::mt19937_64 disturbances(GetParam() + 1'000);
  for (const Act& act : acts) {
    disturbed.HaveSomeRest(disturbances);
    disturbed.Do(act);
    disturbed.Disturb(disturbances);
    disturbed.AwaitQuiet();
  }
  for (int week = 0; week < 8; ++week) {
    calm.LetAWeekPass();
    calm.AwaitQuiet();
    disturbed.HaveSomeRest(disturbances);
    disturbed.LetAWeekPass();
    disturbed.Disturb(disturbances);
    disturbed.AwaitQuiet();
  }
  EXPECT_EQ(disturbed.answers(), calm.answers());
  const std::vector<std::string> happened = calm.Happened();
  ExpectSame(disturbed.Happened(), happened);
  const std::vector<std::string> rows = calm.Rows();
  ExpectSame(disturbed.Rows(), rows);

  const auto reacted = calm.Reacted();
  for (const v1::Policy& policy : calm.Policies()) {
    EXPECT_TRUE(reacted.contains(policy.name()))
        << policy.name() << " reacts to no act of this history: add one that it reacts to";
  }
  const auto outcomes = disturbed.Outcomes();
  for (const auto& [reaction, times] : outcomes) EXPECT_EQ(times, 1) << reaction;

  // What is folded anew reacts to nothing, and comes to the same rows.
  disturbed.FoldAnew();
  disturbed.AwaitQuiet();
  ExpectSame(disturbed.Happened(), happened);
  ExpectSame(disturbed.Rows(), rows);
  EXPECT_EQ(disturbed.Outcomes(), outcomes);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PolicyHistories, ::testing::Range(uint64_t{1}, uint64_t{4}));

}  // namespace
}  // namespace kith::policies
