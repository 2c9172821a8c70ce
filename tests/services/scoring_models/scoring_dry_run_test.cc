// Dry runs of scoring models: what they tell, page by page, and that nothing is done.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/services/scoring_models/scores_world.h"

namespace kith::scoring_models {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class ScoringDryRunTest : public ScoresWorld {
 protected:
  testing::Reply<v1::DryRunScoringModelResponse> DryRun(
      const v1::DryRunScoringModelRequest& request, const std::string& key = "") {
    return server_.CallWith(key.empty() ? server_.secret() : key, &ModelStub::DryRunScoringModel,
                            request);
  }
  static v1::DryRunScoringModelRequest Of(const std::string& text, const std::string& model = "") {
    v1::DryRunScoringModelRequest request;
    *request.mutable_definition() =
        testing::Proto<v1::ScoringModel>(absl::StrCat("display_name: 'x' target: CONTACTS ", text));
    request.set_model(model);
    return request;
  }
};

// Goal: what a dry run tells is what the model makes when it is saved, and before that nothing is.
TEST_F(ScoringDryRunTest, TellsWhatTheModelMakesWhenItIsSaved) {
  const std::string eva = CreateUser("Eva");
  const std::string model = Scored(R"(
      rules { id: 'call' event { kind: CALL } points: 5 } thresholds { id: 'warm' value: 10 })");
  const std::string ada = CreateContact(absl::StrCat("owner: '", eva, "'"));
  const std::string ben = CreateContact();
  const std::string cleo = CreateContact();
  for (int i = 0; i < 2; ++i) Record(ada, "kind: CALL");
  Record(ben, "kind: CALL");
  Record(ben, "kind: NOTE");
  AwaitTold(eva, 1);
  const std::string rules = R"(
      rules { id: 'call' event { kind: CALL } points: 5 }
      rules { id: 'note' event { kind: NOTE } points: 6 } thresholds { id: 'warm' value: 10 })";
  auto request = Of(rules, model);
  const auto told = DryRun(request);
  ASSERT_EQ(told.reason(), "") << told.status.error_message();
  ASSERT_THAT(told->scores(), SizeIs(3));
  EXPECT_EQ(told->scores(0).record(), ada);
  EXPECT_EQ(told->scores(0).score_before(), 10);
  EXPECT_EQ(told->scores(0).score(), 10);
  EXPECT_THAT(told->scores(0).crossed(), SizeIs(0));
  EXPECT_EQ(told->scores(1).score_before(), 5);
  EXPECT_EQ(told->scores(1).score(), 11);
  EXPECT_THAT(told->scores(1).crossed(), ElementsAre("warm"));
  EXPECT_EQ(told->scores(2).score(), 0);
  request.set_only_changes(true);
  EXPECT_THAT(DryRun(request)->scores(), SizeIs(1));
  EXPECT_EQ(ScoreOf(model, ben), 5) << "nothing was done";
  v1::UpdateScoringModelRequest update;
  *update.mutable_scoring_model() = testing::Proto<v1::ScoringModel>(rules);
  update.mutable_scoring_model()->set_name(model);
  ASSERT_EQ(server_.Call(&ModelStub::UpdateScoringModel, update).reason(), "");
  AwaitScored(model);
  EXPECT_EQ(ScoreOf(model, ada), 10);
  EXPECT_EQ(ScoreOf(model, ben), 11);
  EXPECT_EQ(ScoreOf(model, cleo), 0);
}

TEST_F(ScoringDryRunTest, HasPagesOfOneMoment) {
  std::vector<std::string> contacts;
  for (int i = 0; i < 5; ++i) contacts.push_back(CreateContact());
  auto request = Of("rules { id: 'r' record { condition: 'first_name = Ada' } points: 3 }");
  request.set_page_size(2);
  std::vector<std::string> told;
  do {
    const auto page = DryRun(request);
    ASSERT_EQ(page.reason(), "") << page.status.error_message();
    for (const v1::DryRunScore& score : page->scores()) {
      told.push_back(score.record());
      EXPECT_EQ(score.score(), 3);
    }
    request.set_page_token(page->next_page_token());
    CreateContact();
  } while (!request.page_token().empty());
  EXPECT_EQ(told, contacts);
  request = Of("");
  request.set_page_token("x");
  EXPECT_EQ(DryRun(request).reason(), "INVALID_PAGE_TOKEN");
}

TEST_F(ScoringDryRunTest, IsToldToWhoSeesEverything) {
  const std::string rita = CreateUser("Rita", "roles: 'roles/sales-manager'");
  EXPECT_EQ(DryRun(Of(""), KeyOf(rita)).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(DryRun(Of("thresholds { id: 't' value: 5 }")).reason(), "INVALID_MODEL");
}

}  // namespace
}  // namespace kith::scoring_models
