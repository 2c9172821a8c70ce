// PipelineList: every pipeline with its stages, found by name and listed by display name.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kith/deals/v1/pipeline.pb.h"
#include "projections/engine/projection.h"
#include "projections/tables/table.h"

namespace kith::projections {

class PipelineList final : public Projection {
 public:
  static constexpr absl::string_view kName = "pipeline_list";

  absl::string_view name() const override { return kName; }
  int version() const override { return 1; }
  std::vector<std::string> categories() const override { return {"pipelines"}; }
  absl::Status Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const override;
};

// Its rows, by name. Read with a snapshot of this view.
const Table<deals::v1::Pipeline>& Pipelines();

}  // namespace kith::projections
