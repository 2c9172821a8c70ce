// MemberDirectory: the users, teams and roles of every workspace in memory: what a user's
// credentials may do, and with whose records.
//
// A fold of their streams, complete before the server answers, and applied before a change of a
// user, team or role is acknowledged: who lost a role can do nothing with it afterwards.
// Thread-safe.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/mutex.h"
#include "kith/roles/v1/role.pb.h"
#include "kith/roles/v1/role_events.pb.h"
#include "kith/teams/v1/team.pb.h"
#include "kith/teams/v1/team_events.pb.h"
#include "kith/users/v1/user.pb.h"
#include "kith/users/v1/user_events.pb.h"
#include "services/core/access.h"
#include "services/core/nested_teams.h"
#include "services/core/resource_rules.h"
#include "services/runtime/admission/authorizer.h"
#include "services/runtime/runtime.h"

namespace kith::workspaces {

// What a user may do.
struct Membership {
  std::shared_ptr<const runtime::Member> member;
  RoleGrants grants;  // of all their roles
};

class MemberDirectory {
 public:
  // Folds the log, from where the directories of users, teams and roles stand, and observes further
  // commands. Borrows the runtime's parts.
  static absl::StatusOr<std::unique_ptr<MemberDirectory>> Open(
      runtime::Runtime& runtime, const std::vector<WorkspaceId>& workspaces);

  // Nullopt where there is no such user, or they are inactive.
  std::optional<Membership> Find(WorkspaceId workspace, const std::string& user) const
      KITH_EXCLUDES(mutex_);
  // Who is in one of these teams, or of their parts; sorted.
  std::vector<std::string> UsersIn(WorkspaceId workspace,
                                   const std::vector<std::string>& teams) const
      KITH_EXCLUDES(mutex_);
  // Rises with every change of a user, team or role.
  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

 private:
  // A record as it is after so many events of its stream.
  template <class Resource>
  struct Known {
    Revision revision;
    ResourceState<Resource> state;
  };
  template <class Resource>
  using AllKnown = std::map<std::string, Known<Resource>, std::less<>>;
  struct Workspace {
    AllKnown<users::v1::User> users;
    AllKnown<teams::v1::Team> teams;
    AllKnown<roles::v1::Role> roles;
    // What was found since the last change, of kRememberedMax users at most: it looks at all users.
    absl::flat_hash_map<std::string, Membership> found;
    uint64_t generation = 0;  // of the directory, that they are of

    TeamParents Parents() const;
  };

  explicit MemberDirectory(runtime::Runtime& runtime) : runtime_(runtime) {}

  // Takes what the view has of the workspace; the position is that of the view.
  template <class Aggregate>
  absl::Status TakeRows(absl::string_view view, Position position, WorkspaceId workspace)
      KITH_EXCLUDES(mutex_);
  // What the user may do, who is there and active.
  static Membership MembershipOf(const Workspace& workspace, const users::v1::User& user);
  // Folds what happened after `position`.
  absl::Status CatchUp(Position position) KITH_EXCLUDES(mutex_);
  template <class Aggregate>
  void Observe();
  // Reads the record's stream, and takes what it made of it.
  template <class Aggregate>
  absl::Status Fold(WorkspaceId workspace, const std::string& name) KITH_EXCLUDES(mutex_);
  // False where an event before it is not known.
  template <class Aggregate>
  bool Apply(WorkspaceId workspace, const runtime::AppendedEvent& event) KITH_EXCLUDES(mutex_);
  template <class Resource>
  AllKnown<Resource>& Of(WorkspaceId workspace) KITH_REQUIRES(mutex_);

  runtime::Runtime& runtime_;
  mutable Mutex mutex_;
  mutable std::map<WorkspaceId, Workspace> workspaces_ KITH_GUARDED_BY(mutex_);
  std::atomic<uint64_t> generation_ = 0;
};

}  // namespace kith::workspaces
