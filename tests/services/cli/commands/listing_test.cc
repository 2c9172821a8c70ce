// Lists, as people see them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/services/cli/commands/command_fixture.h"

namespace kith::cli {
namespace {

using ::testing::StartsWith;

class ListingTest : public CommandTest {};

TEST_F(ListingTest, SaysThatNothingOfAListCanBeSummed) {
  EXPECT_THAT(Output({"contacts", "list", "--sum", "amount"}, 1),
              StartsWith("kith: \"amount\" cannot be summed: nothing of this list can be. ["));
}

}  // namespace
}  // namespace kith::cli
