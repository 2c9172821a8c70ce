// `kith <collection> <verb>` of answers that are neither a record nor one list.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "services/cli/calls/catalog.h"
#include "tests/services/cli/commands/command_fixture.h"

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
  EXPECT_THAT(told, Not(HasSubstr("contact  contacts/ID · ")));
}

TEST_F(MethodCommandTest, CallsRecordsInTablesAsPeopleDo) {
  EXPECT_THAT(Run({"contacts", "duplicates", ada_}),
              ContainsRegex("contacts/ID \\(Augusta\\) +SAME_EMAIL"));
  EXPECT_THAT(Run({"contacts", "list-duplicates"}),
              ContainsRegex("contacts/ID \\(Augusta\\), contacts/ID \\(Ada\\) +SAME_EMAIL"));
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
