// PipelineList: every pipeline with its stages, found by name and listed by display name.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kith/deals/v1/pipeline.pb.h"
#include "projections/engine/projection.h"
#include "projections/tables/table.h"

namespace kith::deals {

class PipelineList final : public projections::Projection {
 public:
  static constexpr absl::string_view kName = "pipeline_list";

  // The pipelines, by resource name. Filter field: display_name, compared by its normal form.
  static const projections::Table<v1::Pipeline>& Pipelines();

  absl::string_view name() const override { return kName; }
  int version() const override { return 2; }
  std::vector<std::string> categories() const override { return {"pipelines"}; }
  bool has_indexes() const override { return true; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

}  // namespace kith::deals
