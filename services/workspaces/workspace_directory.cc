#include "services/workspaces/workspace_directory.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "eventstore/base/error.h"
#include "eventstore/base/log.h"
#include "eventstore/base/sha256.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"
#include "services/runtime/admission/token_verifier.h"

namespace kith::workspaces {
namespace {

constexpr size_t kShownMax = 128;  // of what a caller says, in an error

absl::string_view IdOf(absl::string_view key_name) {
  return absl::StripPrefix(key_name, "apiKeys/");
}

// When a secret of the key ends. One that was rotated away does so before the key, so whatever may
// not outlast who asks for it tells the two apart: who has the old secret locks nobody out.
absl::Time EndOf(const v1::ApiKey& key, const SecretState& secret) {
  const absl::Time expiry = ExpiryOf(key);
  if (secret.expire_time == absl::InfiniteFuture()) return expiry;
  return std::min(secret.expire_time, expiry - absl::Microseconds(1));
}

uint64_t RevisionOf(const WorkspaceState& state) {
  uint64_t revision = 0;
  return absl::SimpleAtoi(state.workspace.etag(), &revision) ? revision : 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<WorkspaceDirectory>> WorkspaceDirectory::Open(
    runtime::Runtime& runtime) {
  auto directory = std::unique_ptr<WorkspaceDirectory>(new WorkspaceDirectory(runtime));
  std::vector<WorkspaceId> workspaces;
  for (WorkspaceId workspace(1);; workspace = workspace.Next()) {
    KITH_ASSIGN_OR_RETURN(const auto head, runtime.log.HeadOf(workspace, NameOf(workspace),
                                                              eventstore::ReadTier::kDisk));
    if (head.revision.value() == 0) break;
    KITH_RETURN_IF_ERROR(directory->Refresh(workspace));
    workspaces.push_back(workspace);
  }
  KITH_ASSIGN_OR_RETURN(directory->members_, MemberDirectory::Open(runtime, workspaces));
  runtime.transact.Observe(
      WorkspaceAggregate::kCategory,
      [self = directory.get()](WorkspaceId workspace, const runtime::AppendedEvent&) {
        // Reads from memory: the command that appended has just folded this state.
        self->RefreshOrLog(workspace);
      });
  return directory;
}

absl::Status WorkspaceDirectory::NoteCreation(WorkspaceId workspace) const {
  {
    MutexLock lock(mutex_);
    if (entries_.contains(workspace)) return absl::OkStatus();
  }
  const std::string name = NameOf(workspace);
  const auto cursor = runtime_.log.ReadStream(
      workspace, name, Revision(1), eventstore::Direction::kForwards, eventstore::ReadTier::kDisk);
  KITH_ASSIGN_OR_RETURN(const auto creation, cursor->Next());
  if (creation == nullptr) return absl::DataLossError(name + " has no first event");
  if (creation->header.request.id.empty()) return absl::OkStatus();
  MutexLock lock(mutex_);
  created_by_.emplace(creation->header.request.id, workspace);
  return absl::OkStatus();
}

absl::Status WorkspaceDirectory::Refresh(WorkspaceId workspace) const {
  KITH_RETURN_IF_ERROR(NoteCreation(workspace));
  const std::string name = NameOf(workspace);
  KITH_ASSIGN_OR_RETURN(auto state, runtime_.transact.Fold<WorkspaceAggregate>(workspace, name));
  Entry entry;
  const runtime::Standing standing = StandingOf(state->workspace);
  const auto settings = std::make_shared<const Settings>(SettingsOf(state->workspace));
  for (const auto& [key_name, key] : state->keys) {
    if (key.api_key.revoked()) continue;
    auto caller = std::make_shared<runtime::Caller>();
    caller->workspace = workspace;
    caller->actor = std::string(IdOf(key_name));
    caller->grants =
        runtime::Grants({key.api_key.permissions().begin(), key.api_key.permissions().end()});
    caller->settings = settings;
    caller->standing = standing;
    caller->usage = UsageOf(workspace, caller->actor);
    for (const SecretState& secret : key.secrets) {
      caller = std::make_shared<runtime::Caller>(*caller);
      caller->expire_time = EndOf(key.api_key, secret);
      entry.keys[caller->actor].push_back({caller, secret.hash, key.api_key.user()});
    }
  }
  entry.state = std::move(state);
  MutexLock lock(mutex_);
  Entry& known = entries_[workspace];
  if (known.state == nullptr || RevisionOf(*known.state) < RevisionOf(*entry.state)) {
    known = std::move(entry);
    generation_.fetch_add(1, std::memory_order_release);
  }
  return absl::OkStatus();
}

std::shared_ptr<runtime::KeyUsage> WorkspaceDirectory::UsageOf(WorkspaceId workspace,
                                                               const std::string& actor) const {
  MutexLock lock(mutex_);
  if (const auto entry = entries_.find(workspace); entry != entries_.end()) {
    const auto key = entry->second.keys.find(actor);
    if (key != entry->second.keys.end()) return key->second.front().caller->usage;
  }
  return std::make_shared<runtime::KeyUsage>(UsageOfWorkspace(workspace));
}

std::shared_ptr<runtime::WorkspaceUsage> WorkspaceDirectory::UsageOfWorkspace(
    WorkspaceId workspace) const {
  auto& of_workspace = usages_[workspace];
  if (of_workspace == nullptr) of_workspace = std::make_shared<runtime::WorkspaceUsage>();
  return of_workspace;
}

std::shared_ptr<runtime::KeyUsage> WorkspaceDirectory::UsageOfUser(WorkspaceId workspace,
                                                                   const std::string& user) const {
  MutexLock lock(mutex_);
  auto& usage = usages_of_users_[absl::StrCat(workspace.value(), "/", user)];
  if (usage == nullptr) usage = std::make_shared<runtime::KeyUsage>(UsageOfWorkspace(workspace));
  return usage;
}

void WorkspaceDirectory::RefreshOrLog(WorkspaceId workspace) const {
  if (const absl::Status status = Refresh(workspace); !status.ok()) {
    Log(LogLevel::kError, "a workspace could not be read again", {{"workspace", workspace.value()}},
        {{"error", status.ToString()}});
  }
}

std::shared_ptr<const runtime::Caller> WorkspaceDirectory::Authenticate(
    absl::string_view text) const {
  Credentials credentials;
  if (!ParseCredentials(text, &credentials)) return nullptr;
  const Sha256Hash hash = Sha256::Of(credentials.secret);
  MutexLock lock(mutex_);
  const auto entry = entries_.find(credentials.workspace);
  if (entry == entries_.end()) return nullptr;
  const auto key = entry->second.keys.find(IdOf(credentials.key_name));
  if (key == entry->second.keys.end()) return nullptr;
  for (Entry::Key& secret : key->second) {
    if (secret.secret_hash.size() == hash.size() &&
        CRYPTO_memcmp(secret.secret_hash.data(), hash.data(), hash.size()) == 0) {
      return CallerOf(secret);
    }
  }
  return nullptr;
}

std::shared_ptr<const runtime::Caller> WorkspaceDirectory::CallerOf(Entry::Key& key) const {
  if (key.user.empty()) return key.caller;
  // Before what it stands for is read: what changes meanwhile is read again the next time.
  const uint64_t generation = members_->generation();
  if (key.generation == generation) return key.bounded;
  key.generation = generation;
  key.bounded.reset();
  std::optional<Membership> membership = members_->Find(key.caller->workspace, key.user);
  if (!membership.has_value()) return nullptr;
  auto caller = std::make_shared<runtime::Caller>(*key.caller);
  caller->grants = Grants(caller->grants.patterns(), std::move(membership->grants));
  caller->member = std::move(membership->member);
  key.bounded = std::move(caller);
  return key.bounded;
}

absl::StatusOr<std::shared_ptr<const runtime::Caller>> WorkspaceDirectory::OnBehalfOf(
    std::shared_ptr<const runtime::Caller> caller, absl::string_view user) const {
  if (!user.empty() && caller->on_behalf_of == user) return caller;
  // A call of a session that acts for somebody may be for somebody else: what the key grants by
  // itself counts.
  const Grants own(caller->grants.patterns());
  const bool is_user = caller->member != nullptr && caller->on_behalf_of.empty();
  if (is_user || !own.Contain(runtime::kActForUsers)) {
    return Error(type::v1::ERROR_PERMISSION_DENIED,
                 is_user ? "The credentials are a user's, who acts for nobody else."
                         : absl::StrCat("To act for a user, a service's key has to grant ",
                                        runtime::kActForUsers, "."),
                 {{"permission", std::string(runtime::kActForUsers)}});
  }
  const std::string name(user);
  std::optional<Membership> membership = members_->Find(caller->workspace, name);
  if (!membership.has_value()) {
    return Error(type::v1::ERROR_ON_BEHALF_OF_NOBODY,
                 absl::StrCat("The metadata kith-on-behalf-of has to name a user of the workspace "
                              "who is active (\"users/01J…\"), and \"",
                              absl::CHexEscape(user.substr(0, kShownMax)), "\" is none."),
                 {{"user", absl::CHexEscape(user.substr(0, kShownMax))}});
  }
  auto acting = std::make_shared<runtime::Caller>(*caller);
  acting->grants = Grants(own.patterns(), std::move(membership->grants));
  acting->member = std::move(membership->member);
  acting->on_behalf_of = name;
  return acting;
}

Grants WorkspaceDirectory::GrantsOf(WorkspaceId workspace, const WorkspaceState& state,
                                    absl::string_view actor, absl::string_view on_behalf_of) const {
  const v1::ApiKey* const key = FindKey(state, actor);
  if (key == nullptr) return {};
  const std::string user = on_behalf_of.empty() ? key->user() : std::string(on_behalf_of);
  if (user.empty()) return workspaces::GrantsOf(state, actor);
  std::optional<Membership> membership = members_->Find(workspace, user);
  if (!membership.has_value()) return {};
  return Grants({key->permissions().begin(), key->permissions().end()},
                std::move(membership->grants));
}

std::shared_ptr<const runtime::Caller> WorkspaceDirectory::CallerOfKey(
    WorkspaceId workspace, absl::string_view key_name) const {
  MutexLock lock(mutex_);
  const auto entry = entries_.find(workspace);
  if (entry == entries_.end()) return nullptr;
  const auto key = entry->second.keys.find(IdOf(key_name));
  return key == entry->second.keys.end() ? nullptr : CallerOf(key->second.front());
}

absl::StatusOr<std::shared_ptr<const runtime::Caller>> WorkspaceDirectory::CallerOfUser(
    const runtime::TokenClaims& claims) const {
  const auto state = Find(claims.workspace);
  if (state == nullptr) return runtime::TokenWithoutUser();
  std::optional<Membership> membership = members_->Find(claims.workspace, claims.user);
  if (!membership.has_value()) return runtime::TokenWithoutUser();
  auto caller = std::make_shared<runtime::Caller>();
  caller->workspace = claims.workspace;
  caller->actor = claims.user;
  caller->grants = Grants(claims.grants.patterns(), std::move(membership->grants));
  caller->member = std::move(membership->member);
  caller->settings = std::make_shared<const Settings>(SettingsOf(state->workspace));
  caller->standing = StandingOf(state->workspace);
  caller->usage = UsageOfUser(claims.workspace, claims.user);
  caller->expire_time = claims.expire_time;
  caller->has_token = true;
  return caller;
}

std::shared_ptr<const runtime::Caller> WorkspaceDirectory::CallerOfPolicy(
    WorkspaceId workspace, absl::string_view policy) const {
  const auto state = Find(workspace);
  if (state == nullptr) return nullptr;
  auto caller = std::make_shared<runtime::Caller>();
  caller->workspace = workspace;
  caller->actor = std::string(policy);
  caller->grants = Grants({"*"});
  caller->settings = std::make_shared<const Settings>(SettingsOf(state->workspace));
  caller->standing = StandingOf(state->workspace);
  return caller;
}

std::vector<WorkspaceId> WorkspaceDirectory::WorkspacesBefore(int policy_generation) const {
  std::vector<WorkspaceId> before;
  MutexLock lock(mutex_);
  for (const auto& [workspace, entry] : entries_) {
    if (entry.state->policy_generation < policy_generation) before.push_back(workspace);
  }
  return before;
}

std::shared_ptr<const WorkspaceState> WorkspaceDirectory::Find(WorkspaceId workspace) const {
  MutexLock lock(mutex_);
  const auto entry = entries_.find(workspace);
  return entry == entries_.end() ? nullptr : entry->second.state;
}

std::vector<std::shared_ptr<const WorkspaceState>> WorkspaceDirectory::List(WorkspaceId after,
                                                                            size_t limit) const {
  std::vector<std::shared_ptr<const WorkspaceState>> states;
  MutexLock lock(mutex_);
  for (auto entry = entries_.upper_bound(after); entry != entries_.end() && states.size() < limit;
       ++entry) {
    states.push_back(entry->second.state);
  }
  return states;
}

void WorkspaceDirectory::Learn(WorkspaceId workspace, const WorkspaceState& loaded) const {
  {
    MutexLock lock(mutex_);
    const auto known = entries_.find(workspace);
    const uint64_t revision = known == entries_.end() ? 0 : RevisionOf(*known->second.state);
    if (revision >= RevisionOf(loaded)) return;
  }
  RefreshOrLog(workspace);
}

WorkspaceId WorkspaceDirectory::NumberFor(absl::string_view request_id) const {
  MutexLock lock(mutex_);
  const WorkspaceId next = entries_.empty() ? WorkspaceId(1) : entries_.rbegin()->first.Next();
  const auto created = created_by_.find(request_id);
  return created == created_by_.end() ? next : created->second;
}

}  // namespace kith::workspaces
