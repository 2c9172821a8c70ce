#include "services/workspaces/workspaces_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/workspaces/v1/workspaces_errors.pb.h"
#include "services/core/default_pipeline.h"
#include "services/core/reject.h"

namespace kith::workspaces {
namespace {

using runtime::ReadContext;
using runtime::ReadKind;

constexpr int kPageSizeDefault = 50;
constexpr int kPageSizeMax = 1000;

absl::StatusOr<size_t> PageSize(int asked) {
  if (asked < 0) {
    return Reject(type::v1::ERROR_INVALID_FIELD, "page_size must not be negative.",
                  {{"field", "page_size"}});
  }
  return asked == 0 ? kPageSizeDefault : std::min(asked, kPageSizeMax);
}

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

// An operator acting from inside the process.
runtime::Origin FromInside() {
  auto caller = std::make_shared<runtime::Caller>();
  caller->workspace = WorkspaceId(1);
  caller->actor = "kithd";
  caller->settings = std::make_shared<const Settings>();
  runtime::Origin origin;
  origin.caller = std::move(caller);
  return origin;
}

runtime::Grants OperatorGrants() { return runtime::Grants({"*", "operator.*"}); }

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

grpc::ServerUnaryReactor* WorkspacesService::CreateWorkspace(
    grpc::CallbackServerContext* rpc, const v1::CreateWorkspaceRequest* request,
    v1::CreateWorkspaceResponse* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* WorkspacesService::UpdateWorkspace(
    grpc::CallbackServerContext* rpc, const v1::UpdateWorkspaceRequest* request,
    v1::Workspace* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* WorkspacesService::CreateApiKey(grpc::CallbackServerContext* rpc,
                                                          const v1::CreateApiKeyRequest* request,
                                                          v1::CreateApiKeyResponse* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* WorkspacesService::RevokeApiKey(grpc::CallbackServerContext* rpc,
                                                          const v1::RevokeApiKeyRequest* request,
                                                          v1::ApiKey* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* WorkspacesService::GetWorkspace(grpc::CallbackServerContext* rpc,
                                                          const v1::GetWorkspaceRequest* request,
                                                          v1::Workspace* response) {
  return endpoint_.Answer(
      rpc, request, response, ReadKind::kPoint,
      [this](const ReadContext& context, const v1::GetWorkspaceRequest& query,
             v1::Workspace* workspace) -> absl::Status {
        const auto state = directory_.Find(context.workspace());
        if (state == nullptr ||
            (!query.name().empty() && query.name() != state->workspace.name())) {
          return RejectResource(v1::WORKSPACES_ERROR_WORKSPACE_NOT_FOUND,
                                absl::StrCat("There is no workspace ", query.name(), " here."),
                                query.name());
        }
        *workspace = state->workspace;
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* WorkspacesService::ListWorkspaces(
    grpc::CallbackServerContext* rpc, const v1::ListWorkspacesRequest* request,
    v1::ListWorkspacesResponse* response) {
  return endpoint_.Answer(
      rpc, request, response, ReadKind::kPoint,
      [this](const ReadContext&, const v1::ListWorkspacesRequest& query,
             v1::ListWorkspacesResponse* page) -> absl::Status {
        KITH_ASSIGN_OR_RETURN(const size_t size, PageSize(query.page_size()));
        const WorkspaceId after = NumberOf(query.page_token());
        if (!query.page_token().empty() && after.value() == 0) {
          return Reject(type::v1::ERROR_INVALID_PAGE_TOKEN,
                        "The page token is not one of this list. Start at the first page.");
        }
        const auto states = directory_.List(after, size + 1);
        for (size_t i = 0; i < std::min(size, states.size()); ++i) {
          *page->add_workspaces() = states[i]->workspace;
        }
        if (states.size() > size) page->set_next_page_token(states[size - 1]->workspace.name());
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* WorkspacesService::ListApiKeys(grpc::CallbackServerContext* rpc,
                                                         const v1::ListApiKeysRequest* request,
                                                         v1::ListApiKeysResponse* response) {
  return endpoint_.Answer(
      rpc, request, response, ReadKind::kPoint,
      [this](const ReadContext& context, const v1::ListApiKeysRequest& query,
             v1::ListApiKeysResponse* page) -> absl::Status {
        KITH_ASSIGN_OR_RETURN(const size_t size, PageSize(query.page_size()));
        const auto state = directory_.Find(context.workspace());
        if (!query.page_token().empty() && !state->keys.contains(query.page_token())) {
          return Reject(type::v1::ERROR_INVALID_PAGE_TOKEN,
                        "The page token is not one of this list. Start at the first page.");
        }
        for (auto key = state->keys.upper_bound(query.page_token()); key != state->keys.end();
             ++key) {
          if (page->api_keys_size() == static_cast<int>(size)) {
            page->set_next_page_token(std::prev(key)->first);
            break;
          }
          *page->add_api_keys() = key->second.api_key;
        }
        return absl::OkStatus();
      });
}

absl::StatusOr<std::string> CreateFirstWorkspace(runtime::Runtime& runtime) {
  KITH_ASSIGN_OR_RETURN(const auto head, runtime.log.HeadOf(WorkspaceId(1), NameOf(WorkspaceId(1)),
                                                            eventstore::ReadTier::kDisk));
  if (head.revision.value() != 0) return std::string();
  v1::CreateWorkspaceRequest command;
  command.mutable_workspace()->set_display_name("Development");
  std::string credentials;
  KITH_RETURN_IF_ERROR(runtime.transact.RunAndWait(
      FromInside(), WorkspaceId(1),
      [&](runtime::Loader& load, const CommandContext& context) -> Decision {
        KITH_ASSIGN_OR_RETURN(const WorkspaceState* state,
                              load.Load<WorkspaceAggregate>(NameOf(WorkspaceId(1))));
        load.ExpectAbsent(kDefaultPipeline);
        return Decide(*state, command, OperatorGrants(), context);
      },
      [&](runtime::Rendering& after) {
        credentials = after.secret();
        return absl::OkStatus();
      }));
  return credentials;
}

absl::StatusOr<std::string> CreateOperatorKey(runtime::Runtime& runtime) {
  v1::CreateApiKeyRequest command;
  command.mutable_api_key()->set_display_name("Operator key");
  const runtime::Grants grants = OperatorGrants();
  for (const std::string& grant : grants.patterns()) {
    command.mutable_api_key()->add_permissions(grant);
  }
  std::string credentials;
  KITH_RETURN_IF_ERROR(runtime.transact.RunAndWait(
      FromInside(), WorkspaceId(1),
      [&](runtime::Loader& load, const CommandContext& context) -> Decision {
        KITH_ASSIGN_OR_RETURN(const WorkspaceState* state,
                              load.Load<WorkspaceAggregate>(NameOf(WorkspaceId(1))));
        return Decide(*state, command, OperatorGrants(), context);
      },
      [&](runtime::Rendering& after) {
        credentials = after.secret();
        return absl::OkStatus();
      }));
  return credentials;
}

// Called from the generated list of capabilities.
void Register(runtime::ServerBuilder& server) {
  server.RegisterEvents<v1::WorkspaceEvent>(WorkspaceAggregate::kCategory);
  server.UseAuthorizer(
      [](runtime::Runtime& runtime) -> absl::StatusOr<std::unique_ptr<runtime::Authorizer>> {
        return WorkspaceDirectory::Open(runtime);
      });
  server.AddService([](runtime::Runtime& runtime) {
    // The one authorizer is the directory made above.
    const auto& directory = static_cast<const WorkspaceDirectory&>(*runtime.authorizer);
    return std::make_unique<WorkspacesService>(*runtime.endpoint, directory);
  });
}

}  // namespace kith::workspaces
