// Scoring models over gRPC: what is their own. What every resource does is asked in
// tests/conformance.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/services/scoring_models/scores_world.h"

namespace kith::scoring_models {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ScoringModelsTest : public ScoresWorld {
 protected:
  // The fields that are refused, and what is said of the first.
  std::vector<std::string> Refused(const std::string& text) {
    const auto created = Create(text);
    EXPECT_EQ(created.reason(), "INVALID_MODEL") << text;
    said_ = created.status.error_message();
    return created.fields();
  }
  std::string said_;
};

TEST_F(ScoringModelsTest, RefuseConditionsThatNoRecordCanBeLike) {
  const auto of = [&](const std::string& condition) {
    return Refused(
        absl::StrCat("rules { id: 'a' record { condition: '", condition, "' } points: 1 }"));
  };
  const auto fields = ElementsAre("scoring_model.rules[0].record.condition");
  EXPECT_THAT(of("lifecycle_stage = LEAD AND lifecycle_stage = CUSTOMER"), fields);
  EXPECT_THAT(said_, HasSubstr("contradicts itself"));
  EXPECT_THAT(of("company_name = \"Acme\" AND company_name = \"Bolt\""), fields);
  EXPECT_THAT(of("annual_revenue > 99999999999999999999999"), fields);
  EXPECT_EQ(Create("rules { id: 'a' points: 1 record { condition: "
                   "'company_name = \"Acme\" AND company_name = \"ACME\"' } }")
                .reason(),
            "");
  EXPECT_EQ(Create("rules { id: 'a' points: 1 record { condition: "
                   "'lifecycle_stage = LEAD OR lifecycle_stage = CUSTOMER' } }")
                .reason(),
            "");
}

TEST_F(ScoringModelsTest, AreFoundByTheNormalFormOfTheirName) {
  const auto first = Create("");
  ASSERT_EQ(first.reason(), "");
  v1::ListScoringModelsRequest list;
  list.set_filter(R"(display_name = "fi*")");
  const auto listed = server_.Call(&ModelStub::ListScoringModels, list);
  ASSERT_EQ(listed->scoring_models_size(), 1) << listed.reason();
  EXPECT_EQ(listed->scoring_models(0).name(), first->name());
}

TEST_F(ScoringModelsTest, AreRefusedWithWhatCanNeverBe) {
  EXPECT_THAT(
      Refused(R"(rules { id: 'a' event { kind: CALL condition: 'kind = EMAIL' } points: 1 }
                         rules { id: 'a' points: 2 }
                         rules { id: 'c' event { cap: 5 } points: 9 group: 'none' }
                         rules { id: 'd' record { condition: 'nothing = 1' } points: 1 }
                         thresholds { id: 't' value: 1000 group: 'none' })"),
      ElementsAre("scoring_model.rules[0].event.condition", "scoring_model.rules[1].id",
                  "scoring_model.rules[1].condition", "scoring_model.rules[3].record.condition",
                  "scoring_model.thresholds[0].group", "scoring_model.thresholds[0].value"));
  Refused("rules { id: 'a' event {} points: 1 } thresholds { id: 't' value: 51 }");
  EXPECT_THAT(said_, HasSubstr("the rules give at most 50"));
  Refused(R"(rules { id: 'a' event { condition: 'subject = "x"' } points: 1 })");
  EXPECT_THAT(said_, HasSubstr("personal"));
}

TEST_F(ScoringModelsTest, AreTenOfATarget) {
  std::string last;
  for (int i = 0; i < 10; ++i) {
    const auto created = Create("");
    ASSERT_EQ(created.reason(), "") << i;
    last = created->name();
  }
  EXPECT_EQ(Create("").reason(), "TOO_MANY_MODELS");
  v1::DeleteScoringModelRequest remove;
  remove.set_name(last);
  ASSERT_EQ(server_.Call(&ModelStub::DeleteScoringModel, remove).reason(), "");
  EXPECT_EQ(Create("").reason(), "");
}

}  // namespace
}  // namespace kith::scoring_models
