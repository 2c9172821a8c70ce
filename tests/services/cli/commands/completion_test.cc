// What a shell offers.
#include "services/cli/commands/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Offered(const std::vector<std::string>& words) {
  return Completions(Catalog::Linked(), {"board", "bench"}, words);
}

TEST(Completions, OffersWhatMayStandThere) {
  EXPECT_THAT(Offered({"b"}), ElementsAre("bench", "board"));
  EXPECT_THAT(Offered({"dea"}), ElementsAre("deals"));
  EXPECT_THAT(Offered({"deals", "w"}), ElementsAre("win"));
  EXPECT_THAT(Offered({"deals", "create", "--deal-"}), ElementsAre("--deal-id"));
  EXPECT_THAT(Offered({"deals", "list", "--c"}), ElementsAre("--columns", "--csv"));
  EXPECT_THAT(Offered({"contacts", "create", "--lifecycle-stage", "CUS"}), ElementsAre("CUSTOMER"));
  EXPECT_THAT(Offered({"deals", "get", "x", "--"}), Contains("--as-of"));
}

TEST(Completions, OffersNothingWhereItKnowsNothing) {
  EXPECT_THAT(Offered({}), IsEmpty());
  EXPECT_THAT(Offered({"dragons", ""}), IsEmpty());
  EXPECT_THAT(Offered({"deals", "feed", "--"}), IsEmpty());
  EXPECT_THAT(Offered({"deals", "get", ""}), IsEmpty()) << "names are the server's";
  EXPECT_THAT(Offered({"contacts", "create", "--no-such", ""}), IsEmpty());
}

TEST(CompletionScript, IsThereForTheShellsNamed) {
  EXPECT_NE(CompletionScript("bash"), "");
  EXPECT_NE(CompletionScript("zsh"), "");
  EXPECT_EQ(CompletionScript("fish"), "");
}

}  // namespace
}  // namespace kith::cli
