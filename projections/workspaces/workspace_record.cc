#include "projections/workspaces/workspace_record.h"

namespace kith::workspaces {

using projections::Table;
using projections::TableBuilder;

const Table<v1::Workspace>& WorkspaceRecord::Workspaces() {
  static const auto& table = *new Table<v1::Workspace>(
      TableBuilder<v1::Workspace>(1)
          .Key([](const v1::Workspace& workspace) { return workspace.name(); })
          .Field("create_time")
          .Index(1, {"create_time"})
          .Build());
  return table;
}

}  // namespace kith::workspaces
