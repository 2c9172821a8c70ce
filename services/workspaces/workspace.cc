#include "services/workspaces/workspace.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/sha256.h"
#include "eventstore/base/status_macros.h"
#include "kith/workspaces/v1/workspaces_errors.pb.h"
#include "services/core/built_in_roles.h"
#include "services/core/default_pipeline.h"
#include "services/core/lifecycle.h"
#include "services/core/policy_state.h"
#include "services/core/reject.h"
#include "services/core/resource_events.h"
#include "services/core/update_mask.h"

namespace kith::workspaces {
namespace {

constexpr absl::string_view kWorkspacePrefix = "workspaces/";
constexpr absl::string_view kKeyPrefix = "apiKeys/";
constexpr size_t kSecretsMax = 8;  // of a key that count at once
constexpr absl::Duration kOverlapMax = absl::Hours(7 * 24);
// What the address of a calendar grants.
constexpr absl::string_view kReadsCalendar = "calendars.read";
constexpr absl::Duration kOverlapDefault = absl::Hours(24);

std::string HashOf(absl::string_view secret) {
  const Sha256Hash hash = Sha256::Of(secret);
  return {hash.begin(), hash.end()};
}

// The event of a new key as `wanted` says, with its name.
v1::WorkspaceEvent KeyCreated(const v1::ApiKey& wanted, std::string id, absl::string_view secret) {
  v1::WorkspaceEvent event;
  v1::ApiKeyCreated& created = *event.mutable_api_key_created();
  v1::ApiKey& key = *created.mutable_api_key();
  key = wanted;
  ClearOutputOnly(&key);
  key.set_name(absl::StrCat(kKeyPrefix, id));
  created.set_secret_hash(HashOf(secret));
  return event;
}

absl::Status CheckIsUser(const CommandContext& context) {
  if (!context.user.empty()) return absl::OkStatus();
  return Reject(v1::WORKSPACES_ERROR_NO_USER,
                "The caller is no user, whose calendar it could be. Call with credentials of "
                "theirs, or on behalf of them.");
}

runtime::Grants GrantsOf(const v1::ApiKey& key) {
  if (key.revoked() || !key.user().empty()) return {};
  return runtime::Grants({key.permissions().begin(), key.permissions().end()});
}

// Whether somebody whose grants these are may make keys that are not their own: a service's show
// all fields, and another user's whatever their roles do.
absl::Status CheckShown(const runtime::Grants& grants) {
  const std::optional<Excess> beyond = FirstBeyond({{}, FieldGroups()}, &grants);
  if (!beyond.has_value()) return absl::OkStatus();
  return Reject(v1::WORKSPACES_ERROR_PERMISSION_NOT_GRANTED,
                absl::StrCat("You cannot make a key of somebody else: ", beyond->Why(), "."),
                beyond->Metadata());
}

// Whether the key grants the permission until it is revoked.
bool GrantsForGood(const v1::ApiKey& key, absl::string_view permission) {
  return !key.has_expire_time() && GrantsOf(key).Contain(permission);
}

// Whether a key other than `name` does.
bool GrantsWithout(const WorkspaceState& state, absl::string_view name,
                   absl::string_view permission) {
  return std::any_of(state.keys.begin(), state.keys.end(), [&](const auto& key) {
    return key.first != name && GrantsForGood(key.second.api_key, permission);
  });
}

absl::Status WorkspaceDeleted(const std::string& name) {
  return RejectState(v1::WORKSPACES_ERROR_WORKSPACE_DELETED,
                     absl::StrCat(name, " was deleted, which is for good."), name);
}

// What the workspace's state becomes, by a request that names it.
template <class Request>
Decision DecideState(const WorkspaceState& state, const Request& command, v1::WorkspaceState wanted,
                     const CommandContext& context) {
  const std::string name = NameOf(context.workspace);
  if (!state.exists() || command.name() != name) return WorkspaceNotFound(command.name());
  KITH_RETURN_IF_ERROR(CheckEtag(command.etag(), state.workspace.etag()));
  if (context.workspace == WorkspaceId(1) && wanted != v1::ACTIVE) {
    return RejectState(v1::WORKSPACES_ERROR_OPERATORS_WORKSPACE,
                       absl::StrCat(name, " is the operator's own, who would be locked out."),
                       name);
  }
  const v1::WorkspaceState now = state.workspace.state() == v1::WORKSPACE_STATE_UNSPECIFIED
                                     ? v1::ACTIVE
                                     : state.workspace.state();
  if (now == wanted) return NoChange();
  if (now == v1::CLOSED) return WorkspaceDeleted(name);
  v1::Workspace after;
  after.set_name(name);
  after.set_state(wanted);
  google::protobuf::FieldMask changed;
  changed.add_paths("state");
  return Changes().Append(name, UpdatedEvent<v1::WorkspaceEvent>(after, changed));
}

// Whether a key may expire when `wanted` does, which its maker, who does at `limit`, asks for; the
// time stands in `field` of the request.
absl::Status CheckExpireTime(const v1::ApiKey& wanted, absl::string_view field, absl::Time limit,
                             absl::Time now) {
  const absl::Time expiry = ExpiryOf(wanted);
  if (expiry <= now) {
    google::rpc::BadRequest request;
    AddViolation(field, "has passed", request);
    return Reject(v1::WORKSPACES_ERROR_EXPIRE_TIME_PASSED,
                  "The time at which the key is to expire has come already. Say a later one, or "
                  "none.",
                  {{"now", absl::FormatTime(now, absl::UTCTimeZone())}}, request);
  }
  if (expiry <= limit) return absl::OkStatus();
  const std::string last = absl::FormatTime(limit, absl::UTCTimeZone());
  return Reject(v1::WORKSPACES_ERROR_OUTLIVES_MAKER,
                absl::StrCat("Your own key expires at ", last,
                             ", and makes none that lasts longer: say an expire_time of then or "
                             "before."),
                {{"expire_time", last}});
}

// Whoever has a secret that was rotated away would lock out who has the new one.
absl::Status CheckOutlived(const v1::ApiKey& key, absl::Time limit) {
  if (ExpiryOf(key) <= limit) return absl::OkStatus();
  const std::string last = absl::FormatTime(limit, absl::UTCTimeZone());
  return Reject(v1::WORKSPACES_ERROR_OUTLIVES_MAKER,
                absl::StrCat("What you call with expires at ", last,
                             ", and rotates no key that lasts longer: call with a newer secret, or "
                             "another key."),
                {{"expire_time", last}});
}

// Whether somebody may hand out what the key grants.
absl::Status CheckGrants(const v1::ApiKey& key, const KeyMaker& maker, WorkspaceId workspace) {
  const bool is_own = !maker.user.empty() && key.user() == maker.user;
  for (const std::string& permission : key.permissions()) {
    if (is_own ? maker.grants.Contain(permission) : maker.grants.ContainAll(permission)) continue;
    return Reject(v1::WORKSPACES_ERROR_PERMISSION_NOT_GRANTED,
                  absl::StrCat("Your own key does not let you grant ", permission, " in ",
                               NameOf(workspace), "."),
                  {{"permission", permission}});
  }
  return is_own ? absl::OkStatus() : CheckShown(maker.grants);
}

// The key of this name, revoked or not; or API_KEY_NOT_FOUND.
absl::StatusOr<const KeyState*> FindByName(const WorkspaceState& state, const std::string& name) {
  const auto key = state.keys.find(name);
  if (key != state.keys.end()) return &key->second;
  return RejectResource(v1::WORKSPACES_ERROR_API_KEY_NOT_FOUND,
                        absl::StrCat("There is no key ", name, " here."), name);
}

// LAST_KEY where the key must go on counting, as no other grants one of the permissions for good.
absl::Status CheckLastKey(const WorkspaceState& state, const KeyState& key,
                          const std::vector<std::string>& kept) {
  for (const std::string& permission : kept) {
    if (!GrantsForGood(key.api_key, permission) ||
        GrantsWithout(state, key.api_key.name(), permission)) {
      continue;
    }
    return RejectState(
        v1::WORKSPACES_ERROR_LAST_KEY,
        absl::StrCat("It is the last key of ", state.workspace.name(), " that grants ", permission,
                     " and does not expire: without it nobody could make another. Create a key "
                     "that does first, and check that it lets you in."),
        key.api_key.name(), {{"permission", permission}});
  }
  return absl::OkStatus();
}

// TOO_MANY_SECRETS where there is no room for one more that counts beside those that do.
absl::Status CheckSecrets(const KeyState& key, absl::Time now) {
  size_t count = 0;
  absl::Time first = absl::InfiniteFuture();
  for (const SecretState& secret : key.secrets) {
    if (secret.expire_time <= now) continue;
    first = std::min(first, secret.expire_time);
    ++count;
  }
  if (count < kSecretsMax) return absl::OkStatus();
  const std::string time = absl::FormatTime(first, absl::UTCTimeZone());
  return RejectState(v1::WORKSPACES_ERROR_TOO_MANY_SECRETS,
                     absl::StrCat(count,
                                  " secrets of the key count, as many as may at once. Wait "
                                  "until ",
                                  time,
                                  ", when the first of them ends, or rotate with "
                                  "an overlap of 0, which ends all of them."),
                     key.api_key.name(), {{"expire_time", time}});
}

void FoldRotated(const Recorded<v1::WorkspaceEvent>& recorded, KeyState& key) {
  const v1::ApiKeyRotated& rotated = recorded.event.api_key_rotated();
  const absl::Time until = FromTimestamp(rotated.previous_secrets_expire_time());
  std::vector<SecretState> secrets = {{rotated.secret_hash(), absl::InfiniteFuture()}};
  for (SecretState& before : key.secrets) {
    if (before.expire_time <= recorded.occur_time || secrets.size() > kSecretsMax) continue;
    secrets.push_back({std::move(before.hash), std::min(before.expire_time, until)});
  }
  key.secrets = std::move(secrets);
  *key.api_key.mutable_rotate_time() = ToTimestamp(recorded.occur_time);
  *key.api_key.mutable_previous_secrets_expire_time() = rotated.previous_secrets_expire_time();
  key.api_key.clear_expire_time();
  if (rotated.has_expire_time()) *key.api_key.mutable_expire_time() = rotated.expire_time();
}

}  // namespace

std::string NameOf(WorkspaceId workspace) {
  return absl::StrCat(kWorkspacePrefix, workspace.value());
}

WorkspaceId NumberOf(absl::string_view name) {
  uint32_t number = 0;
  if (!absl::ConsumePrefix(&name, kWorkspacePrefix) || !absl::SimpleAtoi(name, &number)) return {};
  return WorkspaceId(number);
}

absl::Status WorkspaceNotFound(absl::string_view name) {
  return RejectResource(v1::WORKSPACES_ERROR_WORKSPACE_NOT_FOUND,
                        absl::StrCat("There is no workspace ", name, " here."), name);
}

Decision Decide(const WorkspaceState& state, const v1::CreateWorkspaceRequest& command,
                const KeyMaker& maker, const CommandContext& context) {
  if (state.exists()) {
    return Reject(type::v1::ERROR_CONFLICT,
                  "Another workspace was created at the same moment. Try again.",
                  {{"workspace", state.workspace.name()}});
  }
  const std::string name = NameOf(context.workspace);
  v1::WorkspaceEvent created;
  v1::Workspace& workspace = *created.mutable_workspace_created()->mutable_workspace();
  workspace = command.workspace();
  ClearOutputOnly(&workspace);
  workspace.clear_etag();
  workspace.set_name(name);
  workspace.set_state(v1::ACTIVE);
  created.mutable_workspace_created()->set_policy_generation(kPolicyGeneration);
  const std::string secret = context.ids.NextSecret();
  v1::ApiKey first;
  first.set_display_name("First key");
  for (const std::string& pattern : maker.grants.patterns()) first.add_permissions(pattern);
  if (maker.expire_time != absl::InfiniteFuture()) {
    *first.mutable_expire_time() = ToTimestamp(maker.expire_time);
  }
  v1::WorkspaceEvent key = KeyCreated(first, context.ids.Next(), secret);
  const std::string key_name = key.api_key_created().api_key().name();
  return Changes()
      .Append(name, std::move(created))
      .Append(name, std::move(key))
      .Append(kDefaultPipeline, DefaultPipelineCreated())
      .WithSecret(CredentialsOf(context.workspace, key_name, secret));
}

Decision Decide(const WorkspaceState& state, const v1::UpdateWorkspaceRequest& command,
                const CommandContext& context) {
  const std::string name = NameOf(context.workspace);
  if (!state.exists() ||
      (!command.workspace().name().empty() && command.workspace().name() != name)) {
    return WorkspaceNotFound(command.workspace().name());
  }
  KITH_RETURN_IF_ERROR(CheckEtag(command.workspace().etag(), state.workspace.etag()));
  KITH_ASSIGN_OR_RETURN(auto changed,
                        ChangedFields(state.workspace, command.workspace(), command.update_mask()));
  if (changed.paths().empty()) return NoChange();
  v1::WorkspaceEvent event;
  v1::WorkspaceUpdated& updated = *event.mutable_workspace_updated();
  updated.set_name(name);
  *updated.mutable_workspace() = PickFields(command.workspace(), changed);
  *updated.mutable_update_mask() = std::move(changed);
  return Changes().Append(name, std::move(event));
}

Decision Decide(const WorkspaceState& state, const v1::SuspendWorkspaceRequest& command,
                const CommandContext& context) {
  return DecideState(state, command, v1::SUSPENDED, context);
}

Decision Decide(const WorkspaceState& state, const v1::ResumeWorkspaceRequest& command,
                const CommandContext& context) {
  return DecideState(state, command, v1::ACTIVE, context);
}

Decision Decide(const WorkspaceState& state, const v1::DeleteWorkspaceRequest& command,
                const CommandContext& context) {
  return DecideState(state, command, v1::CLOSED, context);
}

Decision Decide(const WorkspaceState& state, const v1::CreateApiKeyRequest& command,
                const KeyMaker& maker, const CommandContext& context) {
  if (!state.exists()) return WorkspaceNotFound(NameOf(context.workspace));
  if (StandingOf(state.workspace) == runtime::Standing::kClosed) {
    return WorkspaceDeleted(state.workspace.name());
  }
  KITH_RETURN_IF_ERROR(CheckGrants(command.api_key(), maker, context.workspace));
  KITH_RETURN_IF_ERROR(
      CheckExpireTime(command.api_key(), "api_key.expire_time", maker.expire_time, context.now));
  const std::string secret = context.ids.NextSecret();
  v1::WorkspaceEvent key = KeyCreated(command.api_key(), context.ids.Next(), secret);
  const std::string key_name = key.api_key_created().api_key().name();
  return Changes()
      .Append(NameOf(context.workspace), std::move(key))
      .WithSecret(CredentialsOf(context.workspace, key_name, secret));
}

Decision Decide(const WorkspaceState& state, const v1::RotateApiKeyRequest& command,
                const KeyMaker& maker, const std::vector<std::string>& kept,
                const CommandContext& context) {
  KITH_ASSIGN_OR_RETURN(const KeyState* const key, FindByName(state, command.name()));
  if (key->api_key.revoked()) {
    return RejectState(v1::WORKSPACES_ERROR_API_KEY_REVOKED,
                       "The key was revoked, which is for good. Make another.", command.name());
  }
  KITH_RETURN_IF_ERROR(CheckOutlived(key->api_key, maker.expire_time));
  const absl::Duration overlap = command.has_overlap()
                                     ? absl::Seconds(command.overlap().seconds()) +
                                           absl::Nanoseconds(command.overlap().nanos())
                                     : kOverlapDefault;
  if (overlap < absl::ZeroDuration() || overlap > kOverlapMax) {
    return RejectField("overlap", "must be from 0 to 7 days");
  }
  v1::ApiKey after = key->api_key;
  if (command.has_expire_time()) {
    *after.mutable_expire_time() = command.expire_time();
    KITH_RETURN_IF_ERROR(CheckLastKey(state, *key, kept));
  }
  KITH_RETURN_IF_ERROR(CheckGrants(after, maker, context.workspace));
  KITH_RETURN_IF_ERROR(CheckExpireTime(after, "expire_time", maker.expire_time, context.now));
  if (overlap > absl::ZeroDuration()) KITH_RETURN_IF_ERROR(CheckSecrets(*key, context.now));
  const std::string secret = context.ids.NextSecret();
  v1::WorkspaceEvent event;
  v1::ApiKeyRotated& rotated = *event.mutable_api_key_rotated();
  rotated.set_name(command.name());
  rotated.set_secret_hash(HashOf(secret));
  // No secret counts for longer than it was to, nor than the key.
  const absl::Time until =
      std::min({context.now + overlap, ExpiryOf(key->api_key), ExpiryOf(after)});
  *rotated.mutable_previous_secrets_expire_time() = ToTimestamp(std::max(until, context.now));
  if (after.has_expire_time()) *rotated.mutable_expire_time() = after.expire_time();
  return Changes()
      .Append(NameOf(context.workspace), std::move(event))
      .WithSecret(CredentialsOf(context.workspace, command.name(), secret));
}

Decision Decide(const WorkspaceState& state, const v1::RevokeApiKeyRequest& command,
                const std::vector<std::string>& kept, const CommandContext& context) {
  KITH_ASSIGN_OR_RETURN(const KeyState* const key, FindByName(state, command.name()));
  if (key->api_key.revoked()) return NoChange();
  KITH_RETURN_IF_ERROR(CheckLastKey(state, *key, kept));
  v1::WorkspaceEvent event;
  event.mutable_api_key_revoked()->set_name(command.name());
  return Changes().Append(NameOf(context.workspace), std::move(event));
}

Decision Decide(const WorkspaceState& state, const v1::RenewCalendarAddressRequest&,
                absl::Time expire_time, const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckIsUser(context));
  const std::string secret = context.ids.NextSecret();
  v1::WorkspaceEvent event;
  std::string name;
  if (const v1::ApiKey* const key = FindCalendarKey(state, context.user); key != nullptr) {
    name = key->name();
    v1::ApiKeyRotated& rotated = *event.mutable_api_key_rotated();
    rotated.set_name(name);
    rotated.set_secret_hash(HashOf(secret));
    *rotated.mutable_previous_secrets_expire_time() = ToTimestamp(context.now);
    if (expire_time != absl::InfiniteFuture()) {
      *rotated.mutable_expire_time() = ToTimestamp(expire_time);
    }
  } else {
    v1::ApiKey wanted;
    wanted.set_display_name("Calendar");
    wanted.set_user(std::string(context.user));
    wanted.add_permissions(std::string(kReadsCalendar));
    if (expire_time != absl::InfiniteFuture()) {
      *wanted.mutable_expire_time() = ToTimestamp(expire_time);
    }
    event = KeyCreated(wanted, context.ids.Next(), secret);
    name = event.api_key_created().api_key().name();
  }
  return Changes()
      .Append(NameOf(context.workspace), std::move(event))
      .WithSecret(CredentialsOf(context.workspace, name, secret));
}

Decision Decide(const WorkspaceState& state, const v1::WithdrawCalendarAddressRequest&,
                const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckIsUser(context));
  const v1::ApiKey* const key = FindCalendarKey(state, context.user);
  if (key == nullptr) return NoChange();
  v1::WorkspaceEvent event;
  event.mutable_api_key_revoked()->set_name(key->name());
  return Changes().Append(NameOf(context.workspace), std::move(event));
}

const v1::ApiKey* FindCalendarKey(const WorkspaceState& state, absl::string_view user) {
  for (const auto& [name, key] : state.keys) {
    const v1::ApiKey& one = key.api_key;
    const bool reads_calendar = one.permissions_size() == 1 && one.permissions(0) == kReadsCalendar;
    if (!one.revoked() && one.user() == user && reads_calendar) return &one;
  }
  return nullptr;
}

const v1::ApiKey* FindKey(const WorkspaceState& state, absl::string_view actor) {
  const auto key = state.keys.find(absl::StrCat(kKeyPrefix, actor));
  if (key == state.keys.end() || key->second.api_key.revoked()) return nullptr;
  return &key->second.api_key;
}

absl::Time ExpiryOf(const v1::ApiKey& key) {
  return key.has_expire_time() ? FromTimestamp(key.expire_time()) : absl::InfiniteFuture();
}

runtime::Grants GrantsOf(const WorkspaceState& state, absl::string_view actor) {
  const v1::ApiKey* const key = FindKey(state, actor);
  return key == nullptr ? runtime::Grants() : GrantsOf(*key);
}

WorkspaceState Evolve(WorkspaceState state, const Recorded<v1::WorkspaceEvent>& recorded) {
  FoldResource(recorded, Lifecycle::kActive, state.workspace);
  switch (recorded.event.event_case()) {
    case v1::WorkspaceEvent::kApiKeyCreated: {
      const v1::ApiKeyCreated& created = recorded.event.api_key_created();
      KeyState& key = state.keys[created.api_key().name()];
      key.api_key = created.api_key();
      *key.api_key.mutable_create_time() = ToTimestamp(recorded.occur_time);
      key.secrets = {{created.secret_hash(), absl::InfiniteFuture()}};
      break;
    }
    case v1::WorkspaceEvent::kApiKeyRevoked:
      state.keys[recorded.event.api_key_revoked().name()].api_key.set_revoked(true);
      break;
    case v1::WorkspaceEvent::kApiKeyRotated:
      FoldRotated(recorded, state.keys[recorded.event.api_key_rotated().name()]);
      break;
    case v1::WorkspaceEvent::kWorkspaceCreated:
      state.policy_generation = recorded.event.workspace_created().policy_generation();
      break;
    case v1::WorkspaceEvent::kWorkspaceUpdated:
    case v1::WorkspaceEvent::EVENT_NOT_SET:
      break;
  }
  return state;
}

runtime::Standing StandingOf(const v1::Workspace& workspace) {
  switch (workspace.state()) {
    case v1::SUSPENDED:
      return runtime::Standing::kSuspended;
    case v1::CLOSED:
      return runtime::Standing::kClosed;
    default:
      return runtime::Standing::kActive;
  }
}

Settings SettingsOf(const v1::Workspace& workspace) {
  return {.unique_contact_emails = workspace.unique_contact_emails(),
          .default_region = workspace.default_region(),
          .time_zone = workspace.time_zone(),
          .fiscal_year_start_month = std::max(1, workspace.fiscal_year_start_month()),
          .display_name = workspace.display_name(),
          .sending_stopped = workspace.sending_stopped(),
          .daily_messages_max = workspace.daily_messages_max(),
          .reply_to = workspace.reply_to(),
          .tracking_stopped = workspace.tracking_stopped()};
}

std::string CredentialsOf(WorkspaceId workspace, absl::string_view key_name,
                          absl::string_view secret) {
  return absl::StrCat("kith_", workspace.value(), "_", absl::StripPrefix(key_name, kKeyPrefix), "_",
                      secret);
}

bool ParseCredentials(absl::string_view text, Credentials* credentials) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '_');
  uint32_t number = 0;
  if (parts.size() != 4 || parts[0] != "kith" || !absl::SimpleAtoi(parts[1], &number)) return false;
  credentials->workspace = WorkspaceId(number);
  credentials->key_name = absl::StrCat(kKeyPrefix, parts[2]);
  credentials->secret = parts[3];
  return true;
}

}  // namespace kith::workspaces
