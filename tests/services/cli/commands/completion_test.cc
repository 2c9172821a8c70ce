// What a shell offers.
#include "services/cli/commands/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/cli/commands/commands.h"

namespace kith::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::UnorderedElementsAreArray;

std::vector<std::string> Offered(const std::vector<std::string>& words) {
  return Completions(
      Catalog::Linked(),
      {"bench", "board", "completion", "export", "forecast", "help", "import", "timeline"}, words);
}

TEST(Completions, OffersWhatMayStandThere) {
  EXPECT_THAT(Offered({"b"}), ElementsAre("bench", "board", "business-calendars"));
  EXPECT_THAT(Offered({"deals", "list", "--tls-k"}), ElementsAre("--tls-key"));
  EXPECT_THAT(Offered({"dea"}), ElementsAre("deals"));
  EXPECT_THAT(Offered({"deals", "win"}), ElementsAre("win"));
  EXPECT_THAT(Offered({"deals", "create", "--deal-"}), ElementsAre("--deal-id"));
  EXPECT_THAT(Offered({"deals", "list", "--c"}), ElementsAre("--columns", "--csv"));
  EXPECT_THAT(Offered({"contacts", "create", "--lifecycle-stage", "CUS"}), ElementsAre("CUSTOMER"));
  EXPECT_THAT(Offered({"deals", "get", "x", "--"}), Contains("--as-of"));
  EXPECT_THAT(Offered({"deals", "list", "--columns", "display_name,ow"}),
              ElementsAre("display_name,owner", "display_name,owner.display_name"));
  EXPECT_THAT(Offered({"deals", "list", "--order-by", "clo"}), ElementsAre("close_time"));
  EXPECT_THAT(Offered({"deals", "list", "--order-by", "conta"}), IsEmpty()) << "it has several";
  EXPECT_THAT(Offered({"deals", "list", "--order-by", "stage"}), ElementsAre("stage_enter_time"));
  EXPECT_THAT(Offered({"custom-fields", "create", "--resource", "de"}), ElementsAre("deals"));
  EXPECT_THAT(Offered({"custom-fields", "create", "--resource", "saved"}), IsEmpty());
  EXPECT_THAT(Offered({"saved-views", "create", "--resource", "saved"}), ElementsAre("savedViews"));
  EXPECT_THAT(Offered({"deals", "list", "--v"}), ElementsAre("--verbose", "--version", "--view"));
  EXPECT_THAT(Offered({"deals", "list", "--su"}), ElementsAre("--sum"));
  EXPECT_THAT(Offered({"deals", "list", "--i"}), ElementsAre("--ids"));
}

TEST(Completions, OffersWhatGoesWithCommands) {
  EXPECT_THAT(Offered({"board", "--ow"}), ElementsAre("--owner"));
  EXPECT_THAT(Offered({"bench", "move"}), ElementsAre("move-deal"));
  EXPECT_THAT(Offered({"board", "--"}), Not(Contains("--columns")));
  EXPECT_THAT(Offered({"board", "--"}), Not(Contains("--sum")));
  EXPECT_THAT(Offered({"board", "--a"}), ElementsAre("--address", "--as-of"));
  EXPECT_THAT(Offered({"forecast", "--by", "month,q"}), ElementsAre("month,quarter"));
  EXPECT_THAT(Offered({"export", "de"}), ElementsAre("deals"));
  EXPECT_THAT(Offered({"export", "contacts", "--format", "v"}), ElementsAre("vcard", "vcard3"));
  EXPECT_THAT(Offered({"export", "contacts", "--columns", "emails.a"}),
              ElementsAre("emails.address"));
  EXPECT_THAT(Offered({"import", "de"}), ElementsAre("deals"));
  EXPECT_THAT(Offered({"import", "deals", "--mapping", ""}), IsEmpty()) << "files are the shell's";
  EXPECT_THAT(Offered({"import", "contacts", "--match", "email,p"}), ElementsAre("email,phone"));
  EXPECT_THAT(Offered({"timeline", ""}), IsSupersetOf({"companies/", "contacts/", "deals/"}));
  EXPECT_THAT(Offered({"completion", ""}), ElementsAre("bash", "zsh"));
  EXPECT_THAT(Offered({"help", "boa"}), ElementsAre("board"));
  EXPECT_THAT(Offered({"help", "deals", "win"}), ElementsAre("win"));
  EXPECT_THAT(Offered({"help", "deals", "win", "--"}), IsEmpty());
  EXPECT_THAT(Offered({"received-mails", "get-"}), ElementsAre("get-attachment"));
  EXPECT_THAT(Offered({"workflows", "sho"}), ElementsAre("show"));
}

// Whatever the protos declare, and the verbs that are more than a method.
TEST(Completions, OffersEveryVerbThatTheHelpNames) {
  for (const auto& [collection, methods] : Catalog::Linked().collections()) {
    EXPECT_THAT(Offered({collection, ""}),
                UnorderedElementsAreArray(VerbsOf(Catalog::Linked(), collection)));
  }
  EXPECT_THAT(Offered({"received-mails", "get-a"}), ElementsAre("get-attachment"));
  EXPECT_THAT(Offered({"received-mails", "get-attachment", "--o"}),
              IsSupersetOf({"--output", "--on-behalf-of"}));
  EXPECT_THAT(Offered({"workflow-runs", "sh"}), ElementsAre("show"));
  EXPECT_THAT(Offered({"workflow-runs", "show", "--as"}), ElementsAre("--as-of"));
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
