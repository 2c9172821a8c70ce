#include "services/workspaces/workspace_commands.h"

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "eventstore/base/status_macros.h"
#include "kith/users/v1/user.pb.h"
#include "kith/users/v1/user_events.pb.h"
#include "kith/users/v1/users_errors.pb.h"
#include "kith/workspaces/v1/workspaces_errors.pb.h"
#include "services/core/default_pipeline.h"
#include "services/core/linked_record.h"
#include "services/core/links.h"
#include "services/core/permissions.h"
#include "services/core/reject.h"
#include "services/core/resource_rules.h"
#include "services/runtime/requests/method.h"

namespace kith::workspaces {
namespace {

// The key that the command's event number `index` made.
const v1::ApiKey& KeyMade(runtime::Rendering& after, const WorkspaceState& state, size_t index) {
  const auto made = after.Event<v1::WorkspaceEvent>(index);
  return state.keys.at(made.event.api_key_created().api_key().name()).api_key;
}

// What makes a key, and what reaches every workspace: whoever has lost all keys that grant these
// is locked out.
const std::string& MakesKeys() { return runtime::MethodOf<v1::CreateApiKeyRequest>().permission; }
const std::string& ReachesEveryWorkspace() {
  return runtime::MethodOf<v1::CreateWorkspaceRequest>().permission;
}
std::vector<std::string> KeptPermissions() { return {MakesKeys(), ReachesEveryWorkspace()}; }

std::vector<WantedPermission> WantedIn(const v1::ApiKey& key) {
  std::vector<WantedPermission> wanted;
  for (int i = 0; i < key.permissions_size(); ++i) {
    wanted.push_back({absl::StrCat("api_key.permissions[", i, "]"), key.permissions(i)});
  }
  return wanted;
}

// The user that a key is to belong to.
struct KeyUser : ResourceAggregate<users::v1::User, users::v1::UserEvent> {
  static constexpr absl::string_view kCategory = "users";
};

absl::Status CheckUser(runtime::Loader& load, const std::string& name) {
  if (name.empty()) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const KeyUser::State* const user, load.Load<KeyUser>(name));
  const LinkedRecord* const linked = user;
  KITH_RETURN_IF_ERROR(CheckLinks(v1::WORKSPACES_ERROR_LINKED_RECORD_NOT_FOUND,
                                  {{"api_key.user", name}}, absl::MakeConstSpan(&linked, 1)));
  if (user->resource.state() != users::v1::INACTIVE) return absl::OkStatus();
  return RejectState(users::v1::USERS_ERROR_USER_INACTIVE,
                     absl::StrCat("A key of theirs would let nobody in: ", name,
                                  " does not work with Kith any more. Activate them, or name "
                                  "another."),
                     name, {{"name", name}, {"field", "api_key.user"}});
}

absl::Status MayNotReach(const std::string& workspace) {
  return Reject(type::v1::ERROR_PERMISSION_DENIED,
                absl::StrCat("To make a key of ", workspace,
                             ", another workspace than your own, "
                             "your key has to grant ",
                             ReachesEveryWorkspace(), "."),
                {{"permission", ReachesEveryWorkspace()}});
}

// Who makes a key of another workspace: for no longer than their own lets them in.
KeyMaker OperatorMaker(const runtime::Loader& load) {
  return {runtime::Grants({"*"}), "", load.caller().expire_time};
}

}  // namespace

WorkspaceId WorkspaceCommands::Workspace(const v1::CreateWorkspaceRequest&,
                                         const runtime::Origin& origin) const {
  return directory_.NumberFor(origin.request.id);
}

WorkspaceId WorkspaceCommands::Workspace(const v1::CreateApiKeyRequest& command,
                                         const runtime::Origin& origin) const {
  const WorkspaceId own = origin.caller->workspace;
  const WorkspaceId named = NumberOf(command.workspace());
  return named != WorkspaceId() && origin.caller->grants.Contain(ReachesEveryWorkspace()) ? named
                                                                                          : own;
}

// As of the state that the append is conditioned on: a key revoked meanwhile grants nothing. Of a
// key that was rotated the secret that is shown may end before it.
KeyMaker WorkspaceCommands::OwnMaker(const runtime::Loader& load, const WorkspaceState& state,
                                     const CommandContext& context) const {
  const v1::ApiKey* const key = FindKey(state, context.actor);
  if (key == nullptr) return {};
  return {directory_.GrantsOf(context.workspace, state, context.actor, context.on_behalf_of),
          context.on_behalf_of.empty() ? key->user() : std::string(context.on_behalf_of),
          std::min(ExpiryOf(*key), load.caller().expire_time)};
}

absl::StatusOr<KeyMaker> WorkspaceCommands::MakerOf(const runtime::Loader& load,
                                                    const WorkspaceState& state,
                                                    const v1::CreateApiKeyRequest& command,
                                                    const CommandContext& context) const {
  const std::string name = NameOf(context.workspace);
  const bool is_own =
      command.workspace().empty() ||
      (command.workspace() == name && state.keys.contains(absl::StrCat("apiKeys/", context.actor)));
  if (is_own) return OwnMaker(load, state, context);
  // Only the first workspace's keys can reach others.
  const auto operators = directory_.Find(WorkspaceId(1));
  const bool reaches =
      directory_.GrantsOf(WorkspaceId(1), *operators, context.actor, context.on_behalf_of)
          .Contain(ReachesEveryWorkspace());
  if (!reaches) return MayNotReach(command.workspace());
  if (!state.exists() || command.workspace() != name) return WorkspaceNotFound(command.workspace());
  return OperatorMaker(load);
}

Decision WorkspaceCommands::Run(runtime::Loader& load, const v1::CreateWorkspaceRequest& command,
                                const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const WorkspaceState* state,
                        load.Load<WorkspaceAggregate>(NameOf(context.workspace)));
  directory_.Learn(context.workspace, *state);
  // Another one took the number: this one is the next.
  if (state->exists()) load.DecideAgain();
  load.ExpectAbsent(kDefaultPipeline);
  return Decide(*state, command, OperatorMaker(load), context);
}

Decision WorkspaceCommands::Run(runtime::Loader& load, const v1::CreateApiKeyRequest& command,
                                const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const WorkspaceState* state,
                        load.Load<WorkspaceAggregate>(NameOf(context.workspace)));
  directory_.Learn(context.workspace, *state);
  KITH_RETURN_IF_ERROR(CheckPermissions(v1::WORKSPACES_ERROR_UNKNOWN_PERMISSION,
                                        WantedIn(command.api_key()), methods_.Permissions()));
  KITH_RETURN_IF_ERROR(CheckUser(load, command.api_key().user()));
  KITH_ASSIGN_OR_RETURN(const KeyMaker maker, MakerOf(load, *state, command, context));
  return Decide(*state, command, maker, context);
}

Decision WorkspaceCommands::Run(runtime::Loader& load, const v1::RotateApiKeyRequest& command,
                                const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const WorkspaceState* state,
                        load.Load<WorkspaceAggregate>(NameOf(context.workspace)));
  directory_.Learn(context.workspace, *state);
  return Decide(*state, command, OwnMaker(load, *state, context), KeptPermissions(), context);
}

Decision WorkspaceCommands::Run(runtime::Loader& load, const v1::RevokeApiKeyRequest& command,
                                const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const WorkspaceState* state,
                        load.Load<WorkspaceAggregate>(NameOf(context.workspace)));
  directory_.Learn(context.workspace, *state);
  return Decide(*state, command, KeptPermissions(), context);
}

// A token ends with its hour, and the address of who shows it goes on; what a key that expires made
// ends with it.
Decision WorkspaceCommands::Run(runtime::Loader& load,
                                const v1::RenewCalendarAddressRequest& command,
                                const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const WorkspaceState* state,
                        load.Load<WorkspaceAggregate>(NameOf(context.workspace)));
  directory_.Learn(context.workspace, *state);
  const runtime::Caller& caller = load.caller();
  return Decide(*state, command, caller.has_token ? absl::InfiniteFuture() : caller.expire_time,
                context);
}

absl::Status WorkspaceCommands::Render(runtime::Rendering& after, const v1::CreateWorkspaceRequest&,
                                       v1::CreateWorkspaceResponse* response) const {
  KITH_ASSIGN_OR_RETURN(const WorkspaceState* state, after.LoadWritten<WorkspaceAggregate>());
  *response->mutable_workspace() = state->workspace;
  *response->mutable_api_key() = KeyMade(after, *state, 1);
  response->set_secret(after.secret());
  return absl::OkStatus();
}

absl::Status WorkspaceCommands::RenderWorkspace(runtime::Rendering& after,
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
                                       const v1::RenewCalendarAddressRequest&,
                                       v1::CalendarAddress* response) const {
  KITH_ASSIGN_OR_RETURN(const WorkspaceState* state, after.LoadWritten<WorkspaceAggregate>());
  const auto made = after.Event<v1::WorkspaceEvent>(0);
  const std::string& name = made.event.has_api_key_created()
                                ? made.event.api_key_created().api_key().name()
                                : made.event.api_key_rotated().name();
  *response->mutable_api_key() = state->keys.at(name).api_key;
  if (!after.secret().empty()) {
    response->set_path(absl::StrCat("/calendar/", after.secret(), ".ics"));
  }
  return absl::OkStatus();
}

absl::Status WorkspaceCommands::Render(runtime::Rendering& after,
                                       const v1::RotateApiKeyRequest& command,
                                       v1::RotateApiKeyResponse* response) const {
  KITH_ASSIGN_OR_RETURN(const WorkspaceState* state, after.LoadWritten<WorkspaceAggregate>());
  *response->mutable_api_key() = state->keys.at(command.name()).api_key;
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
