#include "services/runtime/calls/descriptors.h"

#include <sys/resource.h>
#include <unistd.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/captured_log.h"

namespace kith::runtime {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kViews = 80;
constexpr int kFiles = 80 * 14 + 200;

// The limit that a process may not raise holds for all that it does later: this is done in another.
TEST(RaiseDescriptorLimit, TakesAllThereIs) {
  const auto raise = [] {
    constexpr rlim_t kHard = 500;
    const rlimit limit{kHard / 2, kHard};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) _exit(1);
    const int raised = RaiseDescriptorLimit();
    rlimit now{};
    getrlimit(RLIMIT_NOFILE, &now);
    _exit(now.rlim_cur == kHard && raised == static_cast<int>(kHard) ? 0 : 2);
  };
  EXPECT_EXIT(raise(), ::testing::ExitedWithCode(0), "");
}

TEST(ConnectionsBeside, AreAsManyAsIsSaidWhereFilesHaveEnough) {
  const kith::testing::CapturedLog log;
  EXPECT_EQ(ConnectionsBeside(kViews, 1 << 20, 10'000).value(), 10'000);
  EXPECT_EQ(ConnectionsBeside(kViews, kFiles + 4'096 + 10'000, 10'000).value(), 10'000);
  EXPECT_EQ(ConnectionsBeside(kViews, kFiles + 100, 50).value(), 50);
  EXPECT_THAT(log.lines(), IsEmpty());
}

TEST(ConnectionsBeside, AreFewerWhereFilesNeedTheDescriptorsAndSayHowManyAreWanted) {
  const kith::testing::CapturedLog log;
  EXPECT_EQ(ConnectionsBeside(kViews, kFiles + 1'000, 10'000).value(), 500);
  ASSERT_EQ(log.lines().size(), 1u);
  EXPECT_THAT(log.lines()[0].json,
              AllOf(HasSubstr("LimitNOFILE"), HasSubstr(R"("connections":500)"),
                    HasSubstr(R"("wanted":15416)")));
}

TEST(ConnectionsBeside, AreRefusedWhereHardlyAnyWouldBeLeft) {
  for (const int allowed : {0, 1'024, kFiles + 198}) {
    const auto refused = ConnectionsBeside(kViews, allowed, 10'000);
    EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << allowed;
    EXPECT_THAT(std::string(refused.status().message()),
                AllOf(HasSubstr("needs at least 1520"), HasSubstr("LimitNOFILE")));
  }
  EXPECT_EQ(ConnectionsBeside(kViews, kFiles + 200, 10'000).value(), 100);
}

}  // namespace
}  // namespace kith::runtime
