#include "projections/deals/pipeline_list.h"

#include "eventstore/base/normalise.h"
#include "projections/deals/pipeline_fold.h"

namespace kith::deals {

const projections::Table<v1::Pipeline>& PipelineList::Pipelines() {
  static const auto& table = *new projections::Table<v1::Pipeline>(
      projections::TableBuilder<v1::Pipeline>(1)
          .Key([](const v1::Pipeline& pipeline) { return pipeline.name(); })
          .Field("display_name", {.normalise = FoldedName})
          .Index(1, {"display_name"})
          .Build());
  return table;
}

absl::Status PipelineList::Apply(const eventstore::RecordedEvent& event,
                                 projections::ViewBatch& batch) const {
  const eventstore::EventHeader& header = event.header();
  KITH_ASSIGN_OR_RETURN(auto row, Pipelines().Get(batch, header.workspace, header.stream));
  const bool existed = row.has_value();
  v1::Pipeline pipeline = std::move(row).value_or(v1::Pipeline());
  const auto kind =
      FoldPipeline({*event.event, header.revision, header.occur_time, event.erased}, pipeline);
  if (!existed && kind != StandardEvent::kCreated) return absl::OkStatus();
  return Pipelines().Put(batch, header.workspace, pipeline);
}

}  // namespace kith::deals
