#include "services/workspaces/workspace_commands.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "services/core/default_pipeline.h"

namespace kith::workspaces {
namespace {

// The key that the command's event number `index` made.
const v1::ApiKey& KeyMade(runtime::Rendering& after, const WorkspaceState& state, size_t index) {
  const auto made = after.Event<v1::WorkspaceEvent>(index);
  return state.keys.at(made.event.api_key_created().api_key().name()).api_key;
}

// What a key of the workspace, by its id, grants; nothing once it is revoked.
runtime::Grants GrantsOf(const WorkspaceState& state, absl::string_view actor) {
  const auto key = state.keys.find(absl::StrCat("apiKeys/", actor));
  if (key == state.keys.end() || key->second.api_key.revoked()) return {};
  const auto& permissions = key->second.api_key.permissions();
  return runtime::Grants({permissions.begin(), permissions.end()});
}

}  // namespace

WorkspaceId WorkspaceCommands::Workspace(const v1::CreateWorkspaceRequest&,
                                         const runtime::Origin& origin) const {
  return directory_.NumberFor(origin.request.id);
}

Decision WorkspaceCommands::Run(runtime::Loader& load, const v1::CreateWorkspaceRequest& command,
                                const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const WorkspaceState* state,
                        load.Load<WorkspaceAggregate>(NameOf(context.workspace)));
  directory_.Learn(context.workspace, *state);
  // Another one took the number: this one is the next.
  if (state->exists()) load.DecideAgain();
  load.ExpectAbsent(kDefaultPipeline);
  return Decide(*state, command, runtime::Grants({"*"}), context);
}

Decision WorkspaceCommands::Run(runtime::Loader& load, const v1::UpdateWorkspaceRequest& command,
                                const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const WorkspaceState* state,
                        load.Load<WorkspaceAggregate>(NameOf(context.workspace)));
  directory_.Learn(context.workspace, *state);
  return Decide(*state, command, context);
}

Decision WorkspaceCommands::Run(runtime::Loader& load, const v1::CreateApiKeyRequest& command,
                                const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const WorkspaceState* state,
                        load.Load<WorkspaceAggregate>(NameOf(context.workspace)));
  directory_.Learn(context.workspace, *state);
  // As of the state that the append is conditioned on: a key revoked meanwhile grants nothing.
  return Decide(*state, command, GrantsOf(*state, context.actor), context);
}

Decision WorkspaceCommands::Run(runtime::Loader& load, const v1::RevokeApiKeyRequest& command,
                                const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const WorkspaceState* state,
                        load.Load<WorkspaceAggregate>(NameOf(context.workspace)));
  directory_.Learn(context.workspace, *state);
  return Decide(*state, command, context);
}

absl::Status WorkspaceCommands::Render(runtime::Rendering& after, const v1::CreateWorkspaceRequest&,
                                       v1::CreateWorkspaceResponse* response) const {
  KITH_ASSIGN_OR_RETURN(const WorkspaceState* state, after.LoadWritten<WorkspaceAggregate>());
  *response->mutable_workspace() = state->workspace;
  *response->mutable_api_key() = KeyMade(after, *state, 1);
  response->set_secret(after.secret());
  return absl::OkStatus();
}

absl::Status WorkspaceCommands::Render(runtime::Rendering& after, const v1::UpdateWorkspaceRequest&,
                                       v1::Workspace* response) const {
  KITH_ASSIGN_OR_RETURN(const WorkspaceState* state,
                        after.Load<WorkspaceAggregate>(NameOf(after.workspace())));
  *response = state->workspace;
  return absl::OkStatus();
}

absl::Status WorkspaceCommands::Render(runtime::Rendering& after, const v1::CreateApiKeyRequest&,
                                       v1::CreateApiKeyResponse* response) const {
  KITH_ASSIGN_OR_RETURN(const WorkspaceState* state, after.LoadWritten<WorkspaceAggregate>());
  *response->mutable_api_key() = KeyMade(after, *state, 0);
  response->set_secret(after.secret());
  return absl::OkStatus();
}

absl::Status WorkspaceCommands::Render(runtime::Rendering& after,
                                       const v1::RevokeApiKeyRequest& command,
                                       v1::ApiKey* response) const {
  KITH_ASSIGN_OR_RETURN(const WorkspaceState* state,
                        after.Load<WorkspaceAggregate>(NameOf(after.workspace())));
  *response = state->keys.at(command.name()).api_key;
  return absl::OkStatus();
}

}  // namespace kith::workspaces
