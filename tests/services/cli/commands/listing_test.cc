// Lists, as people see them.
#include "services/cli/commands/listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/services/cli/commands/command_fixture.h"

namespace kith::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ListingTest : public CommandTest {};

TEST_F(ListingTest, SaysThatNothingOfAListCanBeSummed) {
  EXPECT_THAT(Output({"contacts", "list", "--sum", "amount"}, 1),
              StartsWith("kith: \"amount\" cannot be summed: nothing of this list can be. ["));
}

TEST(PrintSummary, SaysThatThePageEndedWhereItMightLookNoFurther) {
  type::v1::ListSummary summary;
  summary.mutable_plan()->add_stretches()->set_asks_rows(true);
  summary.mutable_plan()->set_looked_at(10'000);
  std::ostringstream out;
  PrintSummary(summary, out);
  EXPECT_EQ(out.str(),
            "Found in all rows; their rows are asked the rest.\n"
            "10,000 looked at for the first page, which ended there.\n");
}

TEST_F(ListingTest, TakesAStageByWhatItIsCalled) {
  const std::string deal = Create({"deals", "create", "--display-name", "D"});
  EXPECT_THAT(Output({"deals", "move", deal, "--stage", "proposal sent"}),
              HasSubstr("pipelines/default/stages/proposal-sent\n"));
  EXPECT_THAT(Output({"deals", "move", deal, "--stage", "qualified"}),
              HasSubstr("pipelines/default/stages/qualified\n"));
  EXPECT_THAT(
      Output({"deals", "move", deal, "--stage", "Nowhere"}, 2),
      StartsWith("kith: none of the stages of pipelines/default is called \"Nowhere\": there "
                 "are new-lead (New Lead), "));
}

TEST_F(ListingTest, TakesTheStageOfANewDealByWhatItIsCalled) {
  EXPECT_THAT(Output({"deals", "create", "--display-name", "D", "--stage", "proposal-sent"}),
              HasSubstr("pipelines/default/stages/proposal-sent\n"));
  EXPECT_THAT(Output({"deals", "create", "--display-name", "D", "--stage", "Proposal Sent"}),
              HasSubstr("pipelines/default/stages/proposal-sent\n"));
  Create({"pipelines", "create", "--pipeline-id", "partners", "--display-name", "Partners",
          "--stages",
          R"([{"stage_id": "first", "display_name": "First talk", "kind": "OPEN_STAGE"},
              {"stage_id": "won", "display_name": "Won", "kind": "WON_STAGE"},
              {"stage_id": "lost", "display_name": "Lost", "kind": "LOST_STAGE"}])"});
  EXPECT_THAT(Output({"deals", "create", "--display-name", "D", "--pipeline", "partners", "--stage",
                      "first talk"}),
              HasSubstr("pipelines/partners/stages/first\n"));
  EXPECT_THAT(Output({"deals", "create", "--display-name", "D", "--stage", "first talk"}, 2),
              StartsWith("kith: none of the stages of pipelines/default is called \"first talk\""));
  // An update that may create takes it, too.
  EXPECT_THAT(Output({"deals", "update", "new-one", "--allow-missing", "--display-name", "D",
                      "--stage", "Proposal Sent"}),
              HasSubstr("pipelines/default/stages/proposal-sent\n"));
}

// A deal that the caller does not see is what is wrong, and not how its stage was written.
TEST_F(ListingTest, SaysThatTheDealIsNotThere) {
  for (const char* const verb : {"move", "grant-stage-approval"}) {
    EXPECT_THAT(Output({"deals", verb, "nosuch", "--stage", "negotiation"}, 1),
                HasSubstr("[DEAL_NOT_FOUND]"))
        << verb;
  }
  EXPECT_THAT(
      Output({"deals", "update", "nosuch", "--display-name", "D", "--stage", "negotiation"}, 1),
      HasSubstr("[DEAL_NOT_FOUND]"));
}

TEST_F(ListingTest, FindsLeadsThatNoUserHas) {
  const std::string team = Create({"teams", "create", "--display-name", "North"});
  const std::string ben =
      Create({"users", "create", "--display-name", "Ben", "--email", "ben@x.example"});
  const std::string queued = Create({"leads", "create", "--first-name", "Eva", "--owner", team});
  Create({"leads", "create", "--first-name", "Ida", "--owner", ben});
  Create({"leads", "create", "--first-name", "Uma"});
  Run({"leads", "contact", queued});
  EXPECT_EQ(
      Output({"leads", "list", "--order-by", "create_time", "--columns", "first_name,owner,status",
              "--filter", "NOT owner = \"users/*\" NOT status in (CONVERTED, DISQUALIFIED)"}),
      "FIRST NAME  OWNER  STATUS\n"
      "Eva         North  CONTACTED\n"
      "Uma                NEW\n");
}

// No column is there for the word "total" alone.
TEST_F(ListingTest, ShowsNoColumnThatOnlyTotalsWouldHave) {
  const std::string team = Create({"teams", "create", "--display-name", "North"});
  Create({"leads", "create", "--first-name", "Eva", "--source", "PHONE", "--owner", team});
  const auto counted = [&](const char* by) {
    return Output({"leads", "query-lead-conversions", "--start-time", "2025-01-01", "--end-time",
                   "2027-01-01", "--group-by", by});
  };
  EXPECT_THAT(counted("BY_OWNER"), HasSubstr("\nROWS\nOWNER "));
  EXPECT_THAT(counted("BY_OWNER"), HasSubstr("-\ntotal "));
  EXPECT_THAT(counted("BY_SOURCE"), HasSubstr("\nROWS\nSOURCE  CREATED "));
}

TEST_F(ListingTest, RefusesColumnsOfCustomFieldsThatThereAreNot) {
  EXPECT_THAT(Output({"deals", "list", "--columns", "custom.seats"}, 2),
              StartsWith("kith: --columns: there is no custom.seats; Deal has no custom fields"));
  Create({"custom-fields", "create", "--resource", "deals", "--custom-field.key", "seats", "--type",
          "NUMBER", "--display-name", "Seats"});
  Create({"deals", "create", "--display-name", "D", "--custom", "seats=9"});
  EXPECT_EQ(Output({"deals", "list", "--columns", "display_name,custom.seats", "--csv"}),
            "display_name,custom.seats\r\nD,9\r\n");
  EXPECT_THAT(Output({"deals", "list", "--columns", "custom.nosuch"}, 2),
              StartsWith("kith: --columns: there is no custom.nosuch; Deal has custom.seats"));
}

// What stands beside tables is told field by field, and a total as a row.
TEST_F(ListingTest, LabelsWhatStandsBesideTables) {
  const std::string ada = Create({"contacts", "create", "--first-name", "Ada"});
  const std::string ida =
      Create({"contacts", "create", "--first-name", "Ida", "--job-title", "CEO"});
  const std::string merged = Output({"contacts", "preview-merge", ada, "--merged", ida});
  EXPECT_THAT(merged, HasSubstr("\nCONTACT\nname "));
  EXPECT_THAT(merged, HasSubstr("\njob_title        CEO\n"));
  Create({"leads", "create", "--first-name", "Eva", "--source", "PHONE"});
  const std::string counted =
      Output({"leads", "query-lead-conversions", "--start-time", "2025-01-01", "--end-time",
              "2027-01-01", "--group-by", "BY_SOURCE"});
  EXPECT_THAT(counted, HasSubstr("\nROWS\nSOURCE "));
  EXPECT_THAT(counted, HasSubstr("\nPHONE "));
  EXPECT_THAT(counted, HasSubstr("-\ntotal "));
}

TEST_F(ListingTest, KnowsWhichCollectionsCanBeExported) {
  EXPECT_THAT(Output({"export", "deal"}, 2),
              HasSubstr("there is no list of deal; did you mean deals?"));
  EXPECT_THAT(Output({"import", "deals", "x.csv"}, 2), StartsWith("kith: --mapping is missing: "));
}

}  // namespace
}  // namespace kith::cli
