// Goal: whatever happens to pipelines, the list holds every one with its stages in the order that a
// fold by hand gives, and finds it by its name; at the end and as of a moment in between. And a
// rebuilt view equals the live one, and an event folded twice changes nothing (ViewSpec::Then).
// Method: random histories; the seed is printed when one fails.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/proto_time.h"
#include "projections/deals/pipeline_list.h"
#include "services/core/resource_events.h"
#include "tests/projections/deals/deal_events.h"
#include "tests/testing/histories.h"
#include "tests/testing/list_model.h"
#include "tests/testing/view_spec.h"

namespace kith::deals {
namespace {

using testing::AnyOf;
using testing::GivenOptions;
using testing::ViewSpec;
using Model = testing::ListModel<v1::Pipeline>;
using Rows = Model::Rows;

constexpr int kPipelines = 3;
const std::vector<std::string> kNames = {"Sales", "sales", "Bäckerei", "Zoë"};

// One random step: `what` happens to which pipeline, with which stage or name, and where.
struct Step {
  int what;
  int pipeline;
  int number;
  int place;
};

rc::Gen<Step> AnyStep() {
  return rc::gen::build<Step>(rc::gen::set(&Step::what, rc::gen::inRange(0, 8)),
                              rc::gen::set(&Step::pipeline, rc::gen::inRange(0, kPipelines)),
                              rc::gen::set(&Step::number, rc::gen::inRange(0, 1000)),
                              rc::gen::set(&Step::place, rc::gen::inRange(-1, 8)));
}

void showValue(const Step& step, std::ostream& out) {
  out << "{what " << step.what << ", pipeline " << step.pipeline << ", number " << step.number
      << ", place " << step.place << "}";
}

v1::Stage StageIn(const std::string& pipeline, int number) {
  v1::Stage stage;
  stage.set_stage_id(absl::StrCat("stage-", number));
  stage.set_name(absl::StrCat(pipeline, "/stages/", stage.stage_id()));
  stage.set_display_name(absl::StrCat("Stage ", number));
  stage.set_probability(number % 101);
  return stage;
}

// Gives a history to the view and to the pipelines folded by hand alike.
class History {
 public:
  History(ViewSpec& spec, Rows& pipelines) : spec_(spec), pipelines_(pipelines) {}

  void Take(const Step& step) {
    now_ += absl::Minutes(step.number);
    const std::string name = absl::StrCat("pipelines/", step.pipeline);
    v1::Pipeline& pipeline = pipelines_[name];
    if (pipeline.name().empty()) {
      Create(name, step.number, pipeline);
    } else {
      Change(step, pipeline);
    }
    pipeline.set_etag(absl::StrCat(++revisions_[name]));
    *pipeline.mutable_update_time() = ToTimestamp(now_);
  }

 private:
  template <class Event>
  void Given(const std::string& name, const Event& event) {
    spec_.Given(name, event, GivenOptions{.occur_time = now_});
  }

  void Change(const Step& step, v1::Pipeline& pipeline) {
    switch (step.what) {
      case 0:
        return Rename(step.number, pipeline);
      case 1:
      case 2:
        return Add(step, pipeline);
      case 3:
        return Archive(step, pipeline);
      case 4:
      case 5:
        return Reorder(step, pipeline);
      default:
        return UpdateStage(step, pipeline);
    }
  }

  void Create(const std::string& name, int number, v1::Pipeline& pipeline) {
    pipeline.set_name(name);
    pipeline.set_display_name(kNames[number % 4]);
    for (int i = 0; i < number % 4; ++i) *pipeline.add_stages() = StageIn(name, i);
    Given(name, CreatedEvent<v1::PipelineEvent>(name, pipeline));
    *pipeline.mutable_create_time() = ToTimestamp(now_);
  }

  void Rename(int number, v1::Pipeline& pipeline) {
    pipeline.set_display_name(kNames[number % 4]);
    google::protobuf::FieldMask mask;
    mask.add_paths("display_name");
    Given(pipeline.name(), UpdatedEvent<v1::PipelineEvent>(pipeline, mask));
  }

  // A place before the first stage is the first, and one beyond the last is behind it.
  void Add(const Step& step, v1::Pipeline& pipeline) {
    v1::StageAdded added;
    *added.mutable_stage() = StageIn(pipeline.name(), 1000 + revisions_[pipeline.name()]);
    added.set_index(step.place);
    Given(pipeline.name(), added);
    std::vector<v1::Stage> stages = Stages(pipeline);
    const int place = std::max(0, std::min(step.place, static_cast<int>(stages.size())));
    stages.insert(stages.begin() + place, added.stage());
    SetStages(stages, pipeline);
  }

  // The name of a stage, or of one that is not there.
  static std::string AnyStage(const Step& step, const v1::Pipeline& pipeline) {
    if (step.place < 0 || step.place >= pipeline.stages_size()) return "pipelines/none/stages/x";
    return pipeline.stages(step.place).name();
  }

  void Archive(const Step& step, v1::Pipeline& pipeline) {
    v1::StageArchived archived;
    archived.set_stage(AnyStage(step, pipeline));
    Given(pipeline.name(), archived);
    for (v1::Stage& stage : *pipeline.mutable_stages()) {
      if (stage.name() == archived.stage()) stage.set_archived(true);
    }
  }

  void UpdateStage(const Step& step, v1::Pipeline& pipeline) {
    v1::Stage after = StageIn(pipeline.name(), step.number);
    after.set_name(AnyStage(step, pipeline));
    Given(pipeline.name(), StageChanged(after));
    for (v1::Stage& stage : *pipeline.mutable_stages()) {
      if (stage.name() == after.name()) stage = after;
    }
  }

  // Some of the stages in some order, now and then with one that is not there.
  void Reorder(const Step& step, v1::Pipeline& pipeline) {
    std::vector<std::string> names = {"pipelines/none/stages/x"};
    for (const v1::Stage& stage : pipeline.stages()) names.push_back(stage.name());
    std::rotate(names.begin(), names.begin() + step.number % static_cast<int>(names.size()),
                names.end());
    if (step.number % 2 == 0) std::reverse(names.begin(), names.end());
    names.resize(names.size() - static_cast<size_t>(step.number / 7) % names.size());
    v1::StagesReordered reordered;
    for (const std::string& name : names) reordered.add_stages(name);
    Given(pipeline.name(), reordered);

    std::vector<v1::Stage> stages;
    for (const std::string& name : names) {
      for (const v1::Stage& stage : pipeline.stages()) {
        if (stage.name() == name) stages.push_back(stage);
      }
    }
    for (const v1::Stage& stage : pipeline.stages()) {
      if (!absl::c_linear_search(names, stage.name())) stages.push_back(stage);
    }
    SetStages(stages, pipeline);
  }

  static std::vector<v1::Stage> Stages(const v1::Pipeline& pipeline) {
    return {pipeline.stages().begin(), pipeline.stages().end()};
  }
  static void SetStages(const std::vector<v1::Stage>& stages, v1::Pipeline& pipeline) {
    pipeline.clear_stages();
    for (const v1::Stage& stage : stages) *pipeline.add_stages() = stage;
  }

  ViewSpec& spec_;
  Rows& pipelines_;
  std::map<std::string, int> revisions_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
};

void ExpectSame(const projections::ViewSnapshot& list, const Rows& pipelines) {
  for (int i = 0; i < kPipelines; ++i) {
    const std::string name = absl::StrCat("pipelines/", i);
    const auto row =
        PipelineList::Pipelines().Get(list, WorkspaceId(1), name, eventstore::ReadTier::kDisk);
    RC_ASSERT(row.ok());
    const auto expected = pipelines.find(name);
    RC_ASSERT(row->has_value() == (expected != pipelines.end()));
    if (row->has_value()) RC_ASSERT((*row)->DebugString() == expected->second.DebugString());
  }
  const Model model({{"display_name",
                      {.values =
                           [](const v1::Pipeline& pipeline) {
                             return Model::Values{FoldedName(pipeline.display_name())};
                           },
                       .normalise = FoldedName}}});
  for (int query = 0; query < 4; ++query) {
    std::vector<Model::Condition> conditions;
    const int count = *rc::gen::inRange(0, 3);
    for (int i = 0; i < count; ++i) {
      conditions.push_back(*rc::gen::arbitrary<bool>()
                               ? model.AnyComparison("display_name", AnyOf(kNames))
                               : model.Prefix("display_name", AnyOf({"", "s", "Bä", "zoe"})));
    }
    std::vector<Model::Order> order;
    if (*rc::gen::arbitrary<bool>()) order = {{"display_name", *rc::gen::arbitrary<bool>()}};
    model.ExpectListed(PipelineList::Pipelines(), list, WorkspaceId(1), pipelines, conditions,
                       order);
  }
}

TEST(PipelineListHistory, HoldsAndFindsWhatAFoldByHandDoes) {
  const bool held = testing::HoldsForHistories("the list equals the pipelines by hand", [] {
    ViewSpec spec = ViewSpec::Of<PipelineList>().Takes<v1::PipelineEvent>("pipelines");
    Rows pipelines;
    History history(spec, pipelines);
    testing::CompareWithModel(
        AnyStep(), spec, pipelines, [&](const Step& step) { history.Take(step); }, ExpectSame);
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace kith::deals
