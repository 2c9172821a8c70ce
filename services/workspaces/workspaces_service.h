// WorkspacesService: tenants, their settings and their keys, over gRPC.
#pragma once

#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "services/runtime/server_builder.h"
#include "services/workspaces/workspace_directory.h"

namespace kith::workspaces {

// What each command loads, decides and answers. Thread-safe.
class WorkspaceCommands {
 public:
  // Borrows the directory.
  explicit WorkspaceCommands(const WorkspaceDirectory& directory) : directory_(directory) {}

  // A new workspace's events stand in its own log.
  WorkspaceId Workspace(const v1::CreateWorkspaceRequest& command,
                        const runtime::Origin& origin) const;

  Decision Run(runtime::Loader& load, const v1::CreateWorkspaceRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::UpdateWorkspaceRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::CreateApiKeyRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::RevokeApiKeyRequest& command,
               const CommandContext& context) const;

  absl::Status Render(runtime::Rendering& after, const v1::CreateWorkspaceRequest& command,
                      v1::CreateWorkspaceResponse* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::UpdateWorkspaceRequest& command,
                      v1::Workspace* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::CreateApiKeyRequest& command,
                      v1::CreateApiKeyResponse* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::RevokeApiKeyRequest& command,
                      v1::ApiKey* response) const;

 private:
  const WorkspaceDirectory& directory_;
};

class WorkspacesService final : public v1::WorkspacesService::CallbackService {
 public:
  // Borrows both.
  WorkspacesService(runtime::Endpoint& endpoint, const WorkspaceDirectory& directory)
      : endpoint_(endpoint), directory_(directory), commands_(directory) {}

  grpc::ServerUnaryReactor* CreateWorkspace(grpc::CallbackServerContext* rpc,
                                            const v1::CreateWorkspaceRequest* request,
                                            v1::CreateWorkspaceResponse* response) override;
  grpc::ServerUnaryReactor* GetWorkspace(grpc::CallbackServerContext* rpc,
                                         const v1::GetWorkspaceRequest* request,
                                         v1::Workspace* response) override;
  grpc::ServerUnaryReactor* ListWorkspaces(grpc::CallbackServerContext* rpc,
                                           const v1::ListWorkspacesRequest* request,
                                           v1::ListWorkspacesResponse* response) override;
  grpc::ServerUnaryReactor* UpdateWorkspace(grpc::CallbackServerContext* rpc,
                                            const v1::UpdateWorkspaceRequest* request,
                                            v1::Workspace* response) override;
  grpc::ServerUnaryReactor* CreateApiKey(grpc::CallbackServerContext* rpc,
                                         const v1::CreateApiKeyRequest* request,
                                         v1::CreateApiKeyResponse* response) override;
  grpc::ServerUnaryReactor* ListApiKeys(grpc::CallbackServerContext* rpc,
                                        const v1::ListApiKeysRequest* request,
                                        v1::ListApiKeysResponse* response) override;
  grpc::ServerUnaryReactor* RevokeApiKey(grpc::CallbackServerContext* rpc,
                                         const v1::RevokeApiKeyRequest* request,
                                         v1::ApiKey* response) override;

 private:
  runtime::Endpoint& endpoint_;
  const WorkspaceDirectory& directory_;
  const WorkspaceCommands commands_;
};

// Makes workspace 1, "Development", where the server has none, with a key that grants everything in
// it and the operator's methods. Returns that key's credentials, or nothing where the workspace was
// there before.
absl::StatusOr<std::string> CreateFirstWorkspace(runtime::Runtime& runtime);
// Makes a further key like that, for an operator who has lost it.
absl::StatusOr<std::string> CreateOperatorKey(runtime::Runtime& runtime);

}  // namespace kith::workspaces
