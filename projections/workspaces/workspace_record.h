// The workspace record: a workspace's settings, and what they were at any moment. Who may call and
// under which settings a command is decided is not asked here, but of the directory in memory.
#pragma once

#include "kith/workspaces/v1/workspace.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::workspaces {

class WorkspaceRecord final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "workspace_record";

  static const projections::Table<v1::Workspace>& Workspaces();

  WorkspaceRecord() : ResourceDirectory(kName, 1, "workspaces", Workspaces().core()) {}
};

}  // namespace kith::workspaces
