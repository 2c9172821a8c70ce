#include "projections/deals/pipeline_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/deals/v1/pipeline_events.pb.h"
#include "tests/projections/deals/deal_events.h"
#include "tests/testing/view_spec.h"

namespace kith::deals {
namespace {

using eventstore::ReadTier;
using testing::ViewSpec;

TEST(PipelineList, FoldsEveryChangeOfTheStages) {
  ViewSpec spec = ViewSpec::Of<PipelineList>().Takes<v1::PipelineEvent>("pipelines");
  v1::StageAdded added;
  added.mutable_stage()->set_name(StagePath("demo"));
  added.mutable_stage()->set_stage_id("demo");
  added.set_index(1);
  v1::StageArchived archived;
  archived.set_stage(StagePath("contacted"));
  v1::StagesReordered reordered;
  for (const char* id : {"negotiation", "demo", "new-lead"}) {
    reordered.add_stages(StagePath(id));
  }
  v1::Stage negotiation;
  negotiation.set_name(StagePath("negotiation"));
  negotiation.set_stage_id("negotiation");
  negotiation.set_probability(85);
  spec.Given(kDefaultPipeline, DefaultPipelineCreated())
      .Given(kDefaultPipeline, added)
      .Given(kDefaultPipeline, archived)
      .Given(kDefaultPipeline, reordered)
      .Given(kDefaultPipeline, StageChanged(negotiation));

  const auto row = PipelineList::Pipelines().Get(spec.Then(), spec.workspace(), kDefaultPipeline,
                                                 ReadTier::kDisk);
  ASSERT_TRUE(row.ok() && row->has_value());
  std::vector<std::string> ids;
  for (const v1::Stage& stage : (*row)->stages()) ids.push_back(stage.stage_id());
  EXPECT_THAT(ids,
              ::testing::ElementsAre("negotiation", "demo", "new-lead", "contacted", "qualified",
                                     "proposal-sent", "closed-won", "closed-lost"));
  EXPECT_EQ((*row)->stages(0).probability(), 85);
  EXPECT_TRUE((*row)->stages(3).archived());
  EXPECT_EQ((*row)->etag(), "5");
}

}  // namespace
}  // namespace kith::deals
