#include "projections/tables/alias_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/normalise.h"
#include "kith/deals/v1/pipeline.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "tests/projections/tables/table_fixture.h"

namespace kith::projections {
namespace {

using deals::v1::Pipeline;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kPipelines[] = "pipelines/{pipeline}";
constexpr char kStages[] = "pipelines/{pipeline}/stages/{stage}";

TableBuilder<Pipeline> Builder() {
  TableBuilder<Pipeline> builder(1);
  builder.Key([](const Pipeline& pipeline) { return pipeline.name(); })
      .Field("display_name", {.normalise = FoldedName})
      .Alias()
      .Field("stages.display_name", {.normalise = FoldedName})
      .Alias();
  return builder;
}

const Table<Pipeline>& Pipelines() {
  static const auto& table = *new Table<Pipeline>(Builder().Index(1, {"display_name"}).Build());
  return table;
}

class AliasSearchTest : public ::testing::Test {
 protected:
  // A pipeline with a stage of each name, whose id is its number.
  void Put(const std::string& id, const std::string& display_name,
           const std::vector<std::string>& stages) {
    Pipeline pipeline;
    pipeline.set_name(absl::StrCat("pipelines/", id));
    pipeline.set_display_name(display_name);
    for (const std::string& stage : stages) {
      deals::v1::Stage& added = *pipeline.add_stages();
      added.set_name(absl::StrCat(pipeline.name(), "/stages/", pipeline.stages_size()));
      added.set_display_name(stage);
    }
    fixture_.Fold([&](ViewBatch& batch) { return Pipelines().Put(batch, kWorkspace, pipeline); });
  }
  absl::StatusOr<std::vector<std::string>> Find(const char* pattern, absl::string_view alias) {
    return AliasSearch(Pipelines().core(), pattern)
        .Find(fixture_.Latest(), kWorkspace, alias, nullptr);
  }

  TableFixture fixture_;
};

TEST_F(AliasSearchTest, FindsRowsAndTheirParts) {
  Put("a", "Sales", {"Größe", "Offer"});
  Put("b", "Sales", {"Asked"});
  EXPECT_THAT(*Find(kPipelines, "a"), ElementsAre("pipelines/a"));
  EXPECT_THAT(*Find(kPipelines, "SALES"), ElementsAre("pipelines/a", "pipelines/b"));
  EXPECT_THAT(*Find(kPipelines, "Offer"), IsEmpty()) << "a stage is no pipeline";
  EXPECT_THAT(*Find(kStages, "grosse"), ElementsAre("pipelines/a/stages/1"));
  EXPECT_THAT(*Find(kStages, "1"), ElementsAre("pipelines/a/stages/1", "pipelines/b/stages/1"));
  EXPECT_THAT(*Find(kStages, "Sales"), IsEmpty());
  EXPECT_THAT(AliasSearch(Pipelines().core(), kStages).FieldsFor(),
              ElementsAre("id", "display_name"));
}

// What is there without a name is not found by what has no letter in it.
TEST_F(AliasSearchTest, IsNotFooledByWhatIsNotSet) {
  Put("a", "", {""});
  EXPECT_THAT(*Find(kPipelines, " "), IsEmpty());
  EXPECT_THAT(*Find(kStages, " "), IsEmpty());
}

TEST_F(AliasSearchTest, EndsBeyondThoseThatAreTold) {
  for (int i = 0; i < 9; ++i) Put(absl::StrCat(i), "Sales", {"Offer", "Offer"});
  Put("x", "Sales", {});
  EXPECT_EQ(Find(kPipelines, "sales")->size(), 10u);
  EXPECT_EQ(Find(kStages, "offer")->size(), kNamesakesMax + 1);
  Put("y", "Sales", {});
  Put("z", "Sales", {});
  EXPECT_EQ(Find(kPipelines, "sales")->size(), kNamesakesMax + 1);
}

TEST_F(AliasSearchTest, LooksThroughSoManyRowsForParts) {
  for (size_t i = 0; i < kPartOwnersMax; ++i) Put(absl::StrCat(i), "Sales", {"Offer"});
  EXPECT_THAT(*Find(kStages, "Asked"), IsEmpty());
  Put("x", "Sales", {"Asked"});
  const auto refused = Find(kStages, "Asked");
  EXPECT_TRUE(IsError(refused.status(), type::v1::ERROR_INVALID_FILTER)) << refused.status();
  EXPECT_THAT(*Find(kPipelines, "x"), ElementsAre("pipelines/x"));
}

TEST(AliasSearchDeathTest, AbortsOnAMistakenDeclaration) {
  const auto search = [](Table<Pipeline> table, const char* pattern) {
    AliasSearch(table.core(), pattern);
  };
  EXPECT_DEATH(search(Builder().Build(), kPipelines), "");
  EXPECT_DEATH(search(Builder().Build(), "pipelines/{pipeline}/doors/{door}"), "");
  EXPECT_DEATH(TableBuilder<Pipeline>(1).Alias(), "");
  EXPECT_DEATH(TableBuilder<Pipeline>(1).Check([](auto) { return absl::OkStatus(); }), "");
}

}  // namespace
}  // namespace kith::projections
