// Columns of lists that are no fields: what the server says of each record when it is asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/services/cli/commands/command_fixture.h"

namespace kith::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A server whose policies act at once, as its clock stands still.
class AskedColumnsTest : public CommandTest {
 protected:
  AskedColumnsTest()
      : CommandTest([](runtime::ServerOptions& options) {
          options.policies.turn = absl::Milliseconds(1);
          options.policies.gather = absl::ZeroDuration();
          options.policies.retry_first = absl::ZeroDuration();
        }) {}

  // One that gives `points` to whom is rated HOT, and has scored those who are there.
  std::string CreateModel(const std::string& display_name, const std::string& points) {
    const std::string model = Create({"scoring-models", "create", "--display-name", display_name,
                                      "--target", "LEADS", "--rules",
                                      R"({"id": "hot", "record": {"condition": "rating = HOT"}, )" +
                                          ("\"points\": " + points + "}")});
    const auto is_incomplete = [&] {
      return Output({"scores", "list", model, "--json"}).find("\"incomplete\"") !=
             std::string::npos;
    };
    while (is_incomplete()) {
    }
    return model;
  }
  std::string Listed(const std::string& columns) {
    return Output({"leads", "list", "--order-by", "create_time", "--columns", columns, "--csv"});
  }
};

TEST_F(AskedColumnsTest, TellScoresAndProbabilitiesOfLeads) {
  Create({"leads", "create", "--first-name", "Eva", "--rating", "HOT"});
  const std::string uma = Create({"leads", "create", "--first-name", "Uma", "--rating", "COLD"});
  EXPECT_EQ(Listed("first_name,score,probability"),
            "first_name,score,probability\r\nEva,,\r\nUma,,\r\n");
  CreateModel("Fit", "30");
  EXPECT_EQ(Listed("score, first_name"), "score,first_name\r\n30,Eva\r\n0,Uma\r\n");
  EXPECT_THAT(Output({"leads", "list", "--columns", "first_name,score"}),
              StartsWith("FIRST NAME  SCORE\n"));
  Run({"leads", "convert", uma});
  EXPECT_THAT(Listed("first_name,probability"), HasSubstr("Uma,100\r\n"));
  // By several models each is told with what it is called.
  CreateModel("Need", "5");
  EXPECT_THAT(Listed("first_name,score"), HasSubstr("Eva,\"Fit 30, Need 5\"\r\n"));
}

TEST_F(AskedColumnsTest, AreOfListsWhoseRecordsHaveThem) {
  EXPECT_THAT(Output({"leads", "list", "--help"}),
              AllOf(HasSubstr("score"), HasSubstr("probability\n")));
  EXPECT_THAT(Output({"contacts", "list", "--help"}), Not(HasSubstr("probability")));
  EXPECT_THAT(Output({"tasks", "list", "--columns", "score"}, 2),
              StartsWith("kith: --columns: there is no score; "));
  // A deal says its probability itself.
  Create({"deals", "create", "--display-name", "D", "--probability", "7"});
  EXPECT_EQ(Output({"deals", "list", "--columns", "probability", "--csv"}), "probability\r\n7\r\n");
}

// Goal: a list is shown also to who may not know the scores, which says so.
TEST_F(AskedColumnsTest, AreEmptyWhereTheCallerMayNotKnow) {
  Create({"leads", "create", "--first-name", "Eva"});
  const std::string made = Output(
      {"api-keys", "create", "--display-name", "Reader", "--permissions", "leads.read", "--json"});
  std::smatch secret;
  ASSERT_TRUE(std::regex_search(made, secret, std::regex("kith_[A-Za-z0-9_-]+"))) << made;
  key_ = secret[0].str();
  const std::string told = Output({"leads", "list", "--columns", "first_name,score", "--csv"});
  EXPECT_THAT(told, StartsWith("first_name,score\r\nEva,\r\n"));
  EXPECT_THAT(told, HasSubstr("score is not told: "));
}

}  // namespace
}  // namespace kith::cli
