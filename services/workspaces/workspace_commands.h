// The commands on workspaces: what each is decided on, and what it is answered with.
#pragma once

#include "google/protobuf/empty.pb.h"
#include "kith/workspaces/v1/workspaces_service.pb.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"
#include "services/runtime/commands/transact.h"
#include "services/workspaces/workspace_directory.h"

namespace kith::workspaces {

// Thread-safe. See MethodTable::Command.
class WorkspaceCommands {
 public:
  // Borrows both.
  WorkspaceCommands(const WorkspaceDirectory& directory, const runtime::MethodTable& methods)
      : directory_(directory), methods_(methods) {}

  // A new workspace's events stand in its own log.
  WorkspaceId Workspace(const v1::CreateWorkspaceRequest& command,
                        const runtime::Origin& origin) const;

  // What an operator does to a workspace stands in that one's log.
  WorkspaceId Workspace(const v1::SuspendWorkspaceRequest& command,
                        const runtime::Origin& origin) const {
    return NamedBy(command, origin);
  }
  WorkspaceId Workspace(const v1::ResumeWorkspaceRequest& command,
                        const runtime::Origin& origin) const {
    return NamedBy(command, origin);
  }
  WorkspaceId Workspace(const v1::DeleteWorkspaceRequest& command,
                        const runtime::Origin& origin) const {
    return NamedBy(command, origin);
  }

  // A key's stands in the log of the workspace that it lets into: the caller's, or for an operator
  // the one that is named.
  WorkspaceId Workspace(const v1::CreateApiKeyRequest& command,
                        const runtime::Origin& origin) const;

  Decision Run(runtime::Loader& load, const v1::CreateWorkspaceRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::UpdateWorkspaceRequest& command,
               const CommandContext& context) const {
    return RunOnWorkspace(load, command, context);
  }
  Decision Run(runtime::Loader& load, const v1::SuspendWorkspaceRequest& command,
               const CommandContext& context) const {
    return RunOnWorkspace(load, command, context);
  }
  Decision Run(runtime::Loader& load, const v1::ResumeWorkspaceRequest& command,
               const CommandContext& context) const {
    return RunOnWorkspace(load, command, context);
  }
  Decision Run(runtime::Loader& load, const v1::DeleteWorkspaceRequest& command,
               const CommandContext& context) const {
    return RunOnWorkspace(load, command, context);
  }
  Decision Run(runtime::Loader& load, const v1::CreateApiKeyRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::RotateApiKeyRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::RevokeApiKeyRequest& command,
               const CommandContext& context) const;

  Decision Run(runtime::Loader& load, const v1::RenewCalendarAddressRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::WithdrawCalendarAddressRequest& command,
               const CommandContext& context) const {
    return RunOnWorkspace(load, command, context);
  }

  absl::Status Render(runtime::Rendering& after, const v1::CreateWorkspaceRequest& command,
                      v1::CreateWorkspaceResponse* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::UpdateWorkspaceRequest&,
                      v1::Workspace* response) const {
    return RenderWorkspace(after, response);
  }
  absl::Status Render(runtime::Rendering& after, const v1::SuspendWorkspaceRequest&,
                      v1::Workspace* response) const {
    return RenderWorkspace(after, response);
  }
  absl::Status Render(runtime::Rendering& after, const v1::ResumeWorkspaceRequest&,
                      v1::Workspace* response) const {
    return RenderWorkspace(after, response);
  }
  absl::Status Render(runtime::Rendering& after, const v1::DeleteWorkspaceRequest&,
                      v1::Workspace* response) const {
    return RenderWorkspace(after, response);
  }
  absl::Status Render(runtime::Rendering& after, const v1::CreateApiKeyRequest& command,
                      v1::CreateApiKeyResponse* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::RotateApiKeyRequest& command,
                      v1::RotateApiKeyResponse* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::RevokeApiKeyRequest& command,
                      v1::ApiKey* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::RenewCalendarAddressRequest& command,
                      v1::CalendarAddress* response) const;
  absl::Status Render(runtime::Rendering&, const v1::WithdrawCalendarAddressRequest&,
                      google::protobuf::Empty*) const {
    return absl::OkStatus();
  }

 private:
  template <class Request>
  WorkspaceId NamedBy(const Request& command, const runtime::Origin& origin) const {
    const WorkspaceId named = NumberOf(command.name());
    return named == WorkspaceId() ? origin.caller->workspace : named;
  }
  template <class Request>
  Decision RunOnWorkspace(runtime::Loader& load, const Request& command,
                          const CommandContext& context) const {
    auto state = load.Load<WorkspaceAggregate>(NameOf(context.workspace));
    if (!state.ok()) return state.status();
    directory_.Learn(context.workspace, **state);
    return Decide(**state, command, context);
  }
  absl::Status RenderWorkspace(runtime::Rendering& after, v1::Workspace* response) const;

  // What somebody may grant in their own workspace.
  KeyMaker OwnMaker(const runtime::Loader& load, const WorkspaceState& state,
                    const CommandContext& context) const;
  // Who asks for a key in the workspace of `context`, and what they may grant there.
  absl::StatusOr<KeyMaker> MakerOf(const runtime::Loader& load, const WorkspaceState& state,
                                   const v1::CreateApiKeyRequest& command,
                                   const CommandContext& context) const;

  const WorkspaceDirectory& directory_;
  const runtime::MethodTable& methods_;
};

}  // namespace kith::workspaces
