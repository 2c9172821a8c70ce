// PipelineList: every pipeline that is there with its stages, found by name and listed by display
// name.
#pragma once

#include "absl/strings/string_view.h"
#include "kith/deals/v1/pipeline.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::deals {

class PipelineList final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "pipeline_list";

  // The pipelines, by resource name. Beside every field of a pipeline: the words of its name. By
  // index: these, and display_name, compared by its normal form.
  static const projections::Table<v1::Pipeline>& Pipelines();

  PipelineList();
};

}  // namespace kith::deals
