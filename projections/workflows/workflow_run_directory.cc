#include "projections/workflows/workflow_run_directory.h"

namespace kith::workflows {

using projections::Table;
using projections::TableBuilder;

const Table<v1::WorkflowRun>& WorkflowRunDirectory::WorkflowRuns() {
  static const auto& table = *new Table<v1::WorkflowRun>(
      TableBuilder<v1::WorkflowRun>(1)
          .Key([](const v1::WorkflowRun& workflow_run) { return workflow_run.name(); })
          .Field("workflow")
          .Field("record")
          .Field("state")
          .Field("owner")
          .Field("create_time")
          .Index(1, {"create_time"})
          .Index(2, {"owner", "create_time"})
          .Index(3, {"workflow", "create_time"})
          .Index(4, {"record", "create_time"})
          .Index(5, {"state", "create_time"})
          .Build());
  return table;
}

}  // namespace kith::workflows
