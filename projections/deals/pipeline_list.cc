#include "projections/deals/pipeline_list.h"

#include "eventstore/base/normalise.h"
#include "projections/deals/pipeline_fold.h"

namespace kith::deals {

const projections::Table<v1::Pipeline>& PipelineList::Pipelines() {
  static const auto& table = *new projections::Table<v1::Pipeline>(
      projections::TableBuilder<v1::Pipeline>(1)
          .Key([](const v1::Pipeline& pipeline) { return pipeline.name(); })
          .Words([](const v1::Pipeline& pipeline, projections::WordSink& out) {
            out.Add(pipeline.display_name());
          })
          .Field("display_name", {.normalise = FoldedName})
          .Alias()
          .Field("stages.display_name", {.normalise = FoldedName})
          .Alias()
          .Field("lost_reasons.display_name", {.normalise = FoldedName})
          .Alias()
          .Index(1, {"display_name"})
          .Index(2, {"words"})
          .Build());
  return table;
}

PipelineList::PipelineList()
    : ResourceDirectory(kName, 4, "pipelines", Pipelines().core(),
                        [](const Happening& happening, google::protobuf::Message& resource) {
                          return FoldPipeline(happening, static_cast<v1::Pipeline&>(resource));
                        }) {}

}  // namespace kith::deals
