// The workflow directory: which workflows there are, and which of them have this name or are in
// this state.
#pragma once

#include "kith/workflows/v1/workflow.pb.h"
#include "projections/tables/resource_directory.h"
#include "projections/workflows/workflow_fold.h"

namespace kith::workflows {

class WorkflowDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "workflow_directory";

  // Beside every field: the words of the name. By index: these, display_name, state, create_time.
  // Names are compared by their normal forms.
  static const projections::Table<v1::Workflow>& Workflows();

  WorkflowDirectory()
      : ResourceDirectory(kName, 2, "workflows", Workflows().core(),
                          [](const Happening& happening, google::protobuf::Message& workflow) {
                            return FoldWorkflow(happening, static_cast<v1::Workflow&>(workflow));
                          }) {}
};

}  // namespace kith::workflows
