// The workflow run directory: which runs there are, of which workflow, about which record, and how
// far they are.
#pragma once

#include "kith/workflows/v1/workflow_run.pb.h"
#include "projections/tables/resource_directory.h"
#include "projections/workflows/run_fold.h"

namespace kith::workflows {

class WorkflowRunDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "workflow_run_directory";

  // By index: owner, workflow, record, state, create_time.
  static const projections::Table<v1::WorkflowRun>& WorkflowRuns();

  WorkflowRunDirectory()
      : ResourceDirectory(kName, 1, "workflowRuns", WorkflowRuns().core(),
                          [](const Happening& happening, google::protobuf::Message& run) {
                            return FoldRun(happening, static_cast<v1::WorkflowRun&>(run));
                          }) {}
};

}  // namespace kith::workflows
