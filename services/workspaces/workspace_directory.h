// WorkspaceDirectory: every workspace and key of the server in memory: who may come in, and with
// which settings. What users may do, it asks the MemberDirectory.
//
// A fold of the workspaces' streams, complete before the server answers, and applied before a
// change of a workspace or key is acknowledged: a revoked key lets nobody in afterwards.
// Thread-safe.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/mutex.h"
#include "services/runtime/admission/authorizer.h"
#include "services/runtime/server_builder.h"
#include "services/workspaces/key_uses.h"
#include "services/workspaces/member_directory.h"
#include "services/workspaces/settings_history.h"
#include "services/workspaces/workspace.h"

namespace kith::workspaces {

class WorkspaceDirectory final : public runtime::Authorizer {
 public:
  // Folds the log and observes further commands. Borrows the runtime's parts.
  static absl::StatusOr<std::unique_ptr<WorkspaceDirectory>> Open(runtime::Runtime& runtime);

  // Credentials are those of CredentialsOf. The secret is compared in constant time.
  std::shared_ptr<const runtime::Caller> Authenticate(absl::string_view credentials) const override
      KITH_EXCLUDES(mutex_);
  std::shared_ptr<const runtime::Caller> CallerOfKey(WorkspaceId workspace,
                                                     absl::string_view key) const override
      KITH_EXCLUDES(mutex_);
  absl::StatusOr<std::shared_ptr<const runtime::Caller>> CallerOfUser(
      const runtime::TokenClaims& claims) const override KITH_EXCLUDES(mutex_);
  absl::StatusOr<std::shared_ptr<const runtime::Caller>> OnBehalfOf(
      std::shared_ptr<const runtime::Caller> caller, absl::string_view user) const override;
  std::shared_ptr<const runtime::Caller> CallerOfPolicy(WorkspaceId workspace,
                                                        absl::string_view policy) const override
      KITH_EXCLUDES(mutex_);
  std::vector<WorkspaceId> WorkspacesBefore(int policy_generation) const override
      KITH_EXCLUDES(mutex_);
  void NoteUse(const runtime::Caller& caller, int64_t day) const override {
    if (!caller.has_token) uses_.Note(caller.workspace, caller.actor, day);
  }
  uint64_t generation() const override {
    return generation_.load(std::memory_order_acquire) + members_->generation();
  }
  absl::StatusOr<std::shared_ptr<const Settings>> SettingsAt(
      WorkspaceId workspace, Position position, eventstore::ReadTier tier) const override {
    return settings_.At(workspace, position, tier);
  }

  // Null where there is none.
  std::shared_ptr<const WorkspaceState> Find(WorkspaceId workspace) const KITH_EXCLUDES(mutex_);
  // In the order of their numbers, those after `after`, at most `limit`.
  std::vector<std::shared_ptr<const WorkspaceState>> List(WorkspaceId after, size_t limit) const
      KITH_EXCLUDES(mutex_);
  // A command loaded this state: where it is later than what is known here, because the outcome of
  // the append that made it was never learnt, the workspace is folded again.
  void Learn(WorkspaceId workspace, const WorkspaceState& loaded) const KITH_EXCLUDES(mutex_);

  // What the workspace's key with this id grants, as far as the roles of its user do, or of the one
  // for whom it acts; nothing where there is none, it was revoked, or that user does not work with
  // Kith.
  Grants GrantsOf(WorkspaceId workspace, const WorkspaceState& state, absl::string_view actor,
                  absl::string_view on_behalf_of) const;
  const MemberDirectory& members() const { return *members_; }
  const KeyUses& uses() const { return uses_; }

  // The number for a workspace that the request `request_id` creates: that of the first time, or
  // the next free one. Numbers have no holes: one is taken only when the workspace is appended, and
  // until then others are told it too. Whoever finds it taken asks again.
  WorkspaceId NumberFor(absl::string_view request_id) const KITH_EXCLUDES(mutex_);

 private:
  struct Entry {
    std::shared_ptr<const WorkspaceState> state;
    // A secret of a key: the caller who shows it, and its hash.
    struct Key {
      std::shared_ptr<const runtime::Caller> caller;  // of a user's: as if it were a service's
      std::string secret_hash;
      std::string user;  // empty: a service's
      // Of a user's: the caller as it is bounded by them, null where they are not there; and the
      // generation of the members that it is of.
      std::shared_ptr<const runtime::Caller> bounded;
      uint64_t generation = kNone;
    };
    static constexpr uint64_t kNone = ~uint64_t{0};
    // By key id: the present secret first, then those before it. Never empty.
    absl::flat_hash_map<std::string, std::vector<Key>> keys;
  };

  explicit WorkspaceDirectory(runtime::Runtime& runtime)
      : runtime_(runtime),
        settings_(runtime.log, runtime.registry),
        uses_(runtime.key_uses, runtime.pools.folds) {}

  // The caller of a key, as of now; null where it is of a user who does not work with Kith.
  std::shared_ptr<const runtime::Caller> CallerOf(Entry::Key& key) const KITH_REQUIRES(mutex_);
  // Folds the workspace as it is now. DataLoss when its stream cannot be read. Of a workspace that
  // a command has just changed everything is in memory.
  absl::Status Refresh(WorkspaceId workspace) const KITH_EXCLUDES(mutex_);
  // Remembers by which request the workspace was created; once, for it reads the first event.
  absl::Status NoteCreation(WorkspaceId workspace) const KITH_EXCLUDES(mutex_);
  // What the key has on its way, also when its workspace is folded again.
  std::shared_ptr<runtime::KeyUsage> UsageOf(WorkspaceId workspace, const std::string& actor) const
      KITH_EXCLUDES(mutex_);
  // The same of a user, whoever of its tokens calls. There are no more than there are users.
  std::shared_ptr<runtime::KeyUsage> UsageOfUser(WorkspaceId workspace,
                                                 const std::string& user) const
      KITH_EXCLUDES(mutex_);
  std::shared_ptr<runtime::WorkspaceUsage> UsageOfWorkspace(WorkspaceId workspace) const
      KITH_REQUIRES(mutex_);
  void RefreshOrLog(WorkspaceId workspace) const KITH_EXCLUDES(mutex_);

  runtime::Runtime& runtime_;
  const SettingsHistory settings_;
  mutable KeyUses uses_;
  std::unique_ptr<const MemberDirectory> members_;
  mutable Mutex mutex_;
  mutable std::map<WorkspaceId, Entry> entries_ KITH_GUARDED_BY(mutex_);
  mutable std::map<WorkspaceId, std::shared_ptr<runtime::WorkspaceUsage>> usages_
      KITH_GUARDED_BY(mutex_);
  mutable absl::flat_hash_map<std::string, std::shared_ptr<runtime::KeyUsage>> usages_of_users_
      KITH_GUARDED_BY(mutex_);
  // Rises with every change of entries_, and when a user comes or goes.
  mutable std::atomic<uint64_t> generation_ = 0;
  // By the id of the request that created it, where that had one.
  mutable absl::flat_hash_map<std::string, WorkspaceId> created_by_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::workspaces
