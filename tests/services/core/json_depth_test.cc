#include "services/core/json_depth.h"

#include <gtest/gtest.h>

#include <string>

namespace kith {
namespace {

TEST(IsDeeperThan, CountsWhatIsOpenAtOnce) {
  EXPECT_FALSE(IsDeeperThan("", 0));
  EXPECT_FALSE(IsDeeperThan("7", 0));
  EXPECT_TRUE(IsDeeperThan("{}", 0));
  EXPECT_FALSE(IsDeeperThan(R"([{"a": []}])", 3));
  EXPECT_TRUE(IsDeeperThan(R"([{"a": []}])", 2));
  EXPECT_FALSE(IsDeeperThan("[[], [], []]", 2)) << "side by side";
  EXPECT_TRUE(IsDeeperThan(std::string(32'000, '['), 50)) << "never closed";
}

TEST(IsDeeperThan, PassesOverTexts) {
  EXPECT_FALSE(IsDeeperThan(R"({"a": "[[[["})", 1));
  EXPECT_FALSE(IsDeeperThan(R"({"a": "\"[[[["})", 1)) << "an escaped quote ends no text";
  EXPECT_TRUE(IsDeeperThan(R"({"a": "\\", "b": [[]]})", 2)) << "an escaped backslash";
}

}  // namespace
}  // namespace kith
