// `kith <collection> <verb>` of answers that are neither a record nor one list.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/cli/calls/catalog.h"
#include "tests/services/cli/commands/command_fixture.h"
#include "tests/testing/await.h"

namespace kith::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class MethodCommandTest : public CommandTest {
 protected:
  MethodCommandTest()
      : ada_(Create({"contacts", "create", "--first-name", "Ada", "--emails", "ada@x.example"})),
        other_(Create({"contacts", "create", "--first-name", "Augusta", "--job-title", "Countess",
                       "--emails", "ada@x.example"})) {}

  const std::string ada_;
  const std::string other_;
};

TEST_F(MethodCommandTest, PrintsARecordWithinAnAnswerFieldByField) {
  const std::string told = Run({"contacts", "preview-merge", ada_, "--merged", other_});
  EXPECT_THAT(told, HasSubstr("\nCONTACT\n"));
  EXPECT_THAT(told, ContainsRegex("\nfirst_name +Ada\n"));
  EXPECT_THAT(told, ContainsRegex("\njob_title +Countess\n"));
  EXPECT_THAT(told, ContainsRegex("\nTAKEN\nFIELD +SOURCE\n"));
  EXPECT_THAT(told, ContainsRegex("\njob_title +Augusta\n"));
  EXPECT_THAT(told, Not(HasSubstr("contact  contacts/ID · ")));
}

TEST_F(MethodCommandTest, CallsRecordsInTablesAsPeopleDo) {
  EXPECT_THAT(Run({"contacts", "duplicates", ada_}),
              ContainsRegex("contacts/ID \\(Augusta\\) +SAME_EMAIL"));
  EXPECT_THAT(Run({"contacts", "list-duplicates"}),
              ContainsRegex("contacts/ID \\(Augusta\\), contacts/ID \\(Ada\\) +SAME_EMAIL"));
}

TEST_F(MethodCommandTest, ShowsScoresByWhatPeopleCallTheRecords) {
  const std::string ben =
      Create({"users", "create", "--display-name", "Ben", "--email", "ben@acme.example"});
  Create({"contacts", "update", other_, "--owner", ben});
  const std::string model = Create(
      {"scoring-models", "create", "--display-name", "Interest", "--target", "CONTACTS", "--rules",
       R"({"id": "here", "record": {"condition": "first_name = Augusta"}, "points": 5})"});
  // Records are scored after the model was made.
  std::string listed;
  testing::AwaitThat(server_, [&] {
    listed = Run({"scores", "list", model, "--filter", "owner = Ben"});
    return listed.find("Augusta") != listed.npos;
  });
  EXPECT_THAT(listed, ContainsRegex("Interest +Augusta +Ben +5 "));
  EXPECT_THAT(
      Run({"scores", "query-record-scores", other_}),
      ContainsRegex("SCORES\nMODEL +RECORD +OWNER +SCORE .*\n.*Interest +Augusta +Ben +5 "));
}

TEST_F(MethodCommandTest, SaysWhyAPredictionSaysLittle) {
  const std::string deal = Create({"deals", "create", "--display-name", "D"});
  EXPECT_THAT(Output({"deals", "predict", deal}),
              HasSubstr("no automatic probability before one of the deals"));
  Run({"deals", "win", deal});
  EXPECT_THAT(Output({"deals", "predict", deal}), HasSubstr("\nIt is closed: "));
  const std::string lead = Create({"leads", "create", "--first-name", "Eva"});
  EXPECT_THAT(Output({"leads", "predict", lead}),
              HasSubstr("no probability before one of the leads"));
  Run({"leads", "disqualify", lead, "--reason", "SPAM"});
  EXPECT_THAT(Output({"leads", "predict", lead}), HasSubstr("\nIt is closed: "));
}

// "me" is who asks: these credentials are a service's, which is told to say a user.
TEST_F(MethodCommandTest, TakesMeForWhoseAgendaItIs) {
  EXPECT_EQ(Output({"agenda", "me"}, 1), Output({"agenda"}, 1));
}

// Whatever the shape of its request, and of its answer, a method is answered or refused.
TEST_F(MethodCommandTest, CallsEveryMethod) {
  for (const auto& [collection, methods] : Catalog::Linked().collections()) {
    for (const Method& method : methods) {
      if (method.stream != nullptr || method.descriptor->server_streaming()) continue;
      std::vector<std::string> words = {collection, method.verb};
      if (!method.positional.empty()) words.push_back("nope");
      EXPECT_NE(Output(words, -1), "") << collection << ' ' << method.verb;
    }
  }
}

}  // namespace
}  // namespace kith::cli
