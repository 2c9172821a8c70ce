#include "projections/workflows/workflow_directory.h"

#include "eventstore/base/normalise.h"

namespace kith::workflows {

using projections::Table;
using projections::TableBuilder;

const Table<v1::Workflow>& WorkflowDirectory::Workflows() {
  static const auto& table = *new Table<v1::Workflow>(
      TableBuilder<v1::Workflow>(1)
          .Key([](const v1::Workflow& workflow) { return workflow.name(); })
          .Words([](const v1::Workflow& workflow, projections::WordSink& out) {
            out.Add(workflow.display_name());
          })
          .Field("display_name", {.normalise = FoldedName})
          .Alias()
          .Field("state")
          .Field("create_time")
          .Index(1, {"display_name"})
          .Index(2, {"state", "display_name"})
          .Index(3, {"create_time"})
          .Index(4, {"words"})
          .Build());
  return table;
}

}  // namespace kith::workflows
