// A workflow and its runs as trees.
#include <gmock/gmock.h>

#include "tests/services/cli/commands/command_fixture.h"

namespace kith::cli {
namespace {

constexpr char kSteps[] = R"([
  {"id": "wait", "wait": {"duration": "3d"}},
  {"id": "look", "branch": {"condition": "notes = \"ask\"", "otherwise": "leave"}},
  {"id": "title", "next": "end", "call": {"method": "UpdateContact",
    "request": "{\"contact\": {\"name\": \"{{record.name}}\", \"job_title\": \"x\"}}"}},
  {"id": "leave", "await": {"resource": "interactions", "timeout": "2d"}},
  {"id": "end", "end": {}}])";

class ShowTest : public CommandTest {
 protected:
  std::string CreateWorkflow() {
    return Create({"workflows", "create", "--display-name", "Check in", "--trigger",
                   R"({"resource": "contacts", "change": "CREATED"})", "--steps", kSteps});
  }
};

TEST_F(ShowTest, TellsAWorkflowAsATree) {
  EXPECT_EQ(Run({"workflows", "show", CreateWorkflow()}), R"(Check in (workflows/ID, not active)
when one of contacts is created
  wait   wait 3d
  look   if notes = "ask"
    title  call UpdateContact {"contact": {"name": "{{record.name}}", "job_title": "x"}}
    end    end
  else
    leave  if within 2d one of interactions is created or changes
      as from end on
    else
      end
)");
  EXPECT_EQ(Run({"workflows", "show"}, 2), "kith: name one; kith workflows list has them\n");
}

TEST_F(ShowTest, TellsWhichScoreSetsItOff) {
  const std::string model =
      Create({"scoring-models", "create", "--display-name", "Heat", "--target", "CONTACTS",
              "--rules", R"({"id": "calls", "event": {"kind": "CALL"}, "points": 10})",
              "--thresholds", R"({"id": "hot", "value": 10})"});
  const std::string workflow = Create(
      {"workflows", "create", "--display-name", "Hot", "--trigger",
       absl::StrCat(R"({"resource": "contacts", "condition": "notes = \"new\"", )",
                    R"("score_reached": {"threshold": "hot", "scoring_model": ")", model, R"("}})"),
       "--steps", R"({"id": "end", "end": {}})"});
  EXPECT_EQ(Run({"workflows", "show", workflow}), R"(Hot (workflows/ID, not active)
when the score of one of contacts reaches hot of scoringModels/ID, and it is: notes = "new"
  end  end
)");
}

TEST_F(ShowTest, TellsWhoseTimeAndWhoseCondition) {
  const std::string soon =
      Create({"workflows", "create", "--display-name", "Soon", "--trigger",
              R"({"resource": "deals", "record_time": {"field": "close_time", "offset": "30d",
           "existing_records": true}})",
              "--steps", R"({"id": "end", "end": {}})"});
  EXPECT_EQ(Run({"workflows", "show", soon}), R"(Soon (workflows/ID, not active)
at close_time 30d, of old and new deals
  end  end
)");
  const std::string proposal =
      Create({"workflows", "create", "--display-name", "Proposal", "--trigger",
              R"({"resource": "interactions"})", "--steps",
              R"([{"id": "look", "branch": {"of": "links.deal", "condition": "status = OPEN"}},
           {"id": "end", "end": {}}])"});
  EXPECT_THAT(Run({"workflows", "show", proposal}),
              ::testing::HasSubstr("look  if links.deal is status = OPEN"));
}

TEST_F(ShowTest, TellsWhatBecameOfARun) {
  const std::string ada = Create({"contacts", "create", "--first-name", "Ada"});
  const std::string run =
      Create({"workflow-runs", "create", "--workflow", CreateWorkflow(), "--record", ada});
  EXPECT_NE(Output({"workflow-runs", "show", run, "--json"}).find("\"record\": \"" + ada),
            std::string::npos);
  const std::string shown = Run({"workflow-runs", "show", run});
  EXPECT_EQ(shown.substr(0, shown.find('(')), "Check in ");
  EXPECT_NE(
      shown.find("of workflows/ID, about contacts/ID, since 2026-01-01 00:00\n  wait   wait 3d"),
      std::string::npos)
      << shown;
}

}  // namespace
}  // namespace kith::cli
