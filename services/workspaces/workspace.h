// The workspace aggregate: one tenant, its settings and its API keys. State, decisions, fold.
//
// Pure: see services/core/decider.h. Workspace 7 is the stream workspaces/7 in its own log, with
// the default pipeline in the same append, so no workspace exists without one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kith/workspaces/v1/workspace.pb.h"
#include "kith/workspaces/v1/workspace_events.pb.h"
#include "kith/workspaces/v1/workspaces_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/runtime/admission/authorizer.h"

namespace kith::workspaces {

// A secret of a key, as the server keeps it.
struct SecretState {
  std::string hash;  // SHA-256 of the secret
  // When it ceases to count by itself, whatever the key does.
  absl::Time expire_time = absl::InfiniteFuture();
};

// A key as the server keeps it.
struct KeyState {
  v1::ApiKey api_key;
  std::vector<SecretState> secrets;  // the present one first, then those before it
};

struct WorkspaceState {
  v1::Workspace workspace;               // without a name until it is created
  std::map<std::string, KeyState> keys;  // by name; revoked ones too
  int policy_generation = 0;             // as WorkspaceCreated says

  bool exists() const { return !workspace.name().empty(); }
};

struct WorkspaceAggregate {
  using State = WorkspaceState;
  using Event = v1::WorkspaceEvent;
  static constexpr absl::string_view kCategory = "workspaces";
};

// "workspaces/7".
std::string NameOf(WorkspaceId workspace);
// 0 where `name` is not a workspace's.
WorkspaceId NumberOf(absl::string_view name);
// WORKSPACE_NOT_FOUND.
absl::Status WorkspaceNotFound(absl::string_view name);

// Appends the workspace, its first key, which grants `grants`, and the default pipeline. The secret
// of the key is told with the reply.
Decision Decide(const WorkspaceState& state, const v1::UpdateWorkspaceRequest& command,
                const CommandContext& context);
// What an operator does to another workspace than the first.
Decision Decide(const WorkspaceState& state, const v1::SuspendWorkspaceRequest& command,
                const CommandContext& context);
Decision Decide(const WorkspaceState& state, const v1::ResumeWorkspaceRequest& command,
                const CommandContext& context);
Decision Decide(const WorkspaceState& state, const v1::DeleteWorkspaceRequest& command,
                const CommandContext& context);
// Who makes a key.
struct KeyMaker {
  runtime::Grants grants;  // what they may grant in the workspace: a key cannot grant more
  std::string user;        // whose credentials they have; empty where they are a service's
  absl::Time expire_time = absl::InfiniteFuture();  // of their credentials
};
// A workspace's first key lets in for as long as its maker's does.
Decision Decide(const WorkspaceState& state, const v1::CreateWorkspaceRequest& command,
                const KeyMaker& maker, const CommandContext& context);
// Whoever is granted something for some records only, or is shown some fields only, can grant it to
// a key of their own alone.
Decision Decide(const WorkspaceState& state, const v1::CreateApiKeyRequest& command,
                const KeyMaker& maker, const CommandContext& context);
// Of each permission in `kept` one key of a service remains that grants it and does not expire,
// where there is one now: what a user's grants, their roles may end. Whoever could not make the key
// does not rotate it.
Decision Decide(const WorkspaceState& state, const v1::RotateApiKeyRequest& command,
                const KeyMaker& maker, const std::vector<std::string>& kept,
                const CommandContext& context);
Decision Decide(const WorkspaceState& state, const v1::RevokeApiKeyRequest& command,
                const std::vector<std::string>& kept, const CommandContext& context);

// The address of the calendar of a user, which is the secret of a key of theirs: a new one, or
// another for the key that there is. `expire_time` is that of the credentials of who asks.
Decision Decide(const WorkspaceState& state, const v1::RenewCalendarAddressRequest& command,
                absl::Time expire_time, const CommandContext& context);
Decision Decide(const WorkspaceState& state, const v1::WithdrawCalendarAddressRequest& command,
                const CommandContext& context);
// The key whose secret is the address of the user's calendar; null where there is none.
const v1::ApiKey* FindCalendarKey(const WorkspaceState& state, absl::string_view user);

// The workspace's key with this id; null where there is none or it was revoked.
const v1::ApiKey* FindKey(const WorkspaceState& state, absl::string_view actor);
// When it expires; never where it does not say.
absl::Time ExpiryOf(const v1::ApiKey& key);
// What it grants whoever has it, where it is a service's; nothing where it is a user's.
runtime::Grants GrantsOf(const WorkspaceState& state, absl::string_view actor);

WorkspaceState Evolve(WorkspaceState state, const Recorded<v1::WorkspaceEvent>& recorded);

// Whether it lets its callers in.
runtime::Standing StandingOf(const v1::Workspace& workspace);
// What deciders and views take from a workspace.
Settings SettingsOf(const v1::Workspace& workspace);

// Credentials as they travel: "kith_7_01J…_<secret>" for the key apiKeys/01J… of workspaces/7.
std::string CredentialsOf(WorkspaceId workspace, absl::string_view key_name,
                          absl::string_view secret);
struct Credentials {
  WorkspaceId workspace;
  std::string key_name;
  absl::string_view secret;  // borrows the text
};
// False where `text` is not of that form.
bool ParseCredentials(absl::string_view text, Credentials* credentials);

}  // namespace kith::workspaces
