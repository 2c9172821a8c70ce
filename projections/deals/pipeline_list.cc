#include "projections/deals/pipeline_list.h"

#include "projections/deals/pipeline_fold.h"
#include "services/core/normalise.h"

namespace kith::projections {

using deals::v1::Pipeline;

const Table<Pipeline>& Pipelines() {
  static const auto& table =
      *new Table<Pipeline>(TableBuilder<Pipeline>(1)
                               .Key([](const Pipeline& pipeline) { return pipeline.name(); })
                               .Field("display_name", {.normalise = FoldedName})
                               .Index(1, {"display_name"})
                               .Build());
  return table;
}

absl::Status PipelineList::Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const {
  const eventstore::EventHeader& header = event.header();
  KITH_ASSIGN_OR_RETURN(auto row, Pipelines().Get(batch, header.workspace, header.stream));
  Pipeline pipeline = std::move(row).value_or(Pipeline());
  FoldPipeline({*event.event, header.revision, header.occur_time, event.erased}, pipeline);
  return Pipelines().Put(batch, header.workspace, pipeline);
}

}  // namespace kith::projections
