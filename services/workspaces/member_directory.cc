#include "services/workspaces/member_directory.h"

#include <algorithm>
#include <set>
#include <type_traits>
#include <utility>

#include "absl/strings/numbers.h"
#include "eventstore/base/log.h"
#include "eventstore/base/status_macros.h"
#include "projections/tables/resource_directory.h"
#include "services/core/built_in_roles.h"

namespace kith::workspaces {
namespace {

constexpr size_t kRememberedMax = 1'000;

// The events of other capabilities, by their protos alone.
struct UserAggregate : ResourceAggregate<users::v1::User, users::v1::UserEvent> {
  static constexpr absl::string_view kCategory = "users";
};
struct TeamAggregate : ResourceAggregate<teams::v1::Team, teams::v1::TeamEvent> {
  static constexpr absl::string_view kCategory = "teams";
};
struct RoleAggregate : ResourceAggregate<roles::v1::Role, roles::v1::RoleEvent> {
  static constexpr absl::string_view kCategory = "roles";
};

constexpr absl::string_view kUserView = "user_directory";
constexpr absl::string_view kTeamView = "team_directory";
constexpr absl::string_view kRoleView = "role_directory";

Revision RevisionIn(absl::string_view etag) {
  uint64_t revision = 0;
  return absl::SimpleAtoi(etag, &revision) ? Revision(revision) : Revision();
}

// Without what nobody asks here: nothing personal, and no more than is needed of many.
void Trim(users::v1::User& user) {
  users::v1::User kept;
  kept.set_name(user.name());
  kept.set_state(user.state());
  kept.mutable_teams()->Swap(user.mutable_teams());
  kept.mutable_roles()->Swap(user.mutable_roles());
  user = std::move(kept);
}
void Trim(teams::v1::Team& team) { team.clear_description(); }
void Trim(roles::v1::Role& role) { role.clear_description(); }

// Whether they are in one of these teams, which are sorted: who was deleted is in none.
bool IsIn(const ResourceState<users::v1::User>& user, const std::vector<std::string>& teams) {
  const auto& own = user.resource.teams();
  return user.lifecycle == Lifecycle::kActive &&
         std::any_of(own.begin(), own.end(), [&](const std::string& team) {
           return std::binary_search(teams.begin(), teams.end(), team);
         });
}

}  // namespace

TeamParents MemberDirectory::Workspace::Parents() const {
  TeamParents parents;
  for (const auto& [name, team] : teams) {
    if (team.state.lifecycle == Lifecycle::kActive) parents[name] = team.state.resource.parent();
  }
  return parents;
}

template <class Resource>
MemberDirectory::AllKnown<Resource>& MemberDirectory::Of(WorkspaceId workspace) {
  Workspace& known = workspaces_[workspace];
  if constexpr (std::is_same_v<Resource, users::v1::User>) {
    return known.users;
  } else if constexpr (std::is_same_v<Resource, teams::v1::Team>) {
    return known.teams;
  } else {
    return known.roles;
  }
}

template <class Aggregate>
absl::Status MemberDirectory::TakeRows(absl::string_view view, Position position,
                                       WorkspaceId workspace) {
  using Resource = typename Aggregate::Resource;
  MutexLock lock(mutex_);
  AllKnown<Resource>& all = Of<Resource>(workspace);
  return projections::DirectoryRows<Resource>().Scan(runtime_.views.Find(view).At(position),
                                                     workspace, projections::KeyRange::Prefix(""),
                                                     [&](const Resource& row) {
                                                       Known<Resource>& known = all[row.name()];
                                                       known.revision = RevisionIn(row.etag());
                                                       known.state.lifecycle = Lifecycle::kActive;
                                                       known.state.resource = row;
                                                       Trim(known.state.resource);
                                                       return true;
                                                     });
}

template <class Aggregate>
absl::Status MemberDirectory::Fold(WorkspaceId workspace, const std::string& name) {
  using Resource = typename Aggregate::Resource;
  KITH_ASSIGN_OR_RETURN(const auto state, runtime_.transact.Fold<Aggregate>(workspace, name));
  const Revision revision = RevisionIn(state->resource.etag());
  MutexLock lock(mutex_);
  Known<Resource>& known = Of<Resource>(workspace)[name];
  if (known.revision >= revision) return absl::OkStatus();
  known.revision = revision;
  known.state = *state;
  Trim(known.state.resource);
  generation_.fetch_add(1, std::memory_order_release);
  return absl::OkStatus();
}

template <class Aggregate>
bool MemberDirectory::Apply(WorkspaceId workspace, const runtime::AppendedEvent& event) {
  using Resource = typename Aggregate::Resource;
  if (event.revision == Revision()) return false;
  MutexLock lock(mutex_);
  Known<Resource>& known = Of<Resource>(workspace)[event.stream];
  if (known.revision >= event.revision) return true;
  if (known.revision.Next() != event.revision) return false;
  kAggregateType<Aggregate>.evolve(&known.state, event.recorded());
  known.revision = event.revision;
  Trim(known.state.resource);
  generation_.fetch_add(1, std::memory_order_release);
  return true;
}

template <class Aggregate>
void MemberDirectory::Observe() {
  runtime_.transact.Observe(Aggregate::kCategory, [this](WorkspaceId workspace,
                                                         const runtime::AppendedEvent& event) {
    if (Apply<Aggregate>(workspace, event)) return;
    const absl::Status folded = Fold<Aggregate>(workspace, event.stream);
    if (folded.ok()) return;
    Log(LogLevel::kError, "a record could not be read again", {{"workspace", workspace.value()}},
        {{"record", event.stream}, {"error", folded.ToString()}});
  });
}

absl::Status MemberDirectory::CatchUp(Position position) {
  const auto cursor = runtime_.log.ReadAll(position.Next(), eventstore::Direction::kForwards);
  std::set<std::pair<WorkspaceId, std::string>> touched;
  while (true) {
    KITH_ASSIGN_OR_RETURN(const auto record, cursor->Next());
    if (record == nullptr) break;
    touched.emplace(record->header.workspace, record->header.stream);
  }
  for (const auto& [workspace, stream] : touched) {
    const absl::string_view category = eventstore::CategoryOf(stream);
    if (category == UserAggregate::kCategory) {
      KITH_RETURN_IF_ERROR(Fold<UserAggregate>(workspace, stream));
    } else if (category == TeamAggregate::kCategory) {
      KITH_RETURN_IF_ERROR(Fold<TeamAggregate>(workspace, stream));
    } else if (category == RoleAggregate::kCategory) {
      KITH_RETURN_IF_ERROR(Fold<RoleAggregate>(workspace, stream));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<MemberDirectory>> MemberDirectory::Open(
    runtime::Runtime& runtime, const std::vector<WorkspaceId>& workspaces) {
  auto directory = std::unique_ptr<MemberDirectory>(new MemberDirectory(runtime));
  const Position users = runtime.views.Find(kUserView).position();
  const Position teams = runtime.views.Find(kTeamView).position();
  const Position roles = runtime.views.Find(kRoleView).position();
  for (const WorkspaceId workspace : workspaces) {
    KITH_RETURN_IF_ERROR(directory->TakeRows<UserAggregate>(kUserView, users, workspace));
    KITH_RETURN_IF_ERROR(directory->TakeRows<TeamAggregate>(kTeamView, teams, workspace));
    KITH_RETURN_IF_ERROR(directory->TakeRows<RoleAggregate>(kRoleView, roles, workspace));
  }
  // A view that is being built has nothing yet: then it is all of the log.
  KITH_RETURN_IF_ERROR(directory->CatchUp(std::min({users, teams, roles})));
  directory->Observe<UserAggregate>();
  directory->Observe<TeamAggregate>();
  directory->Observe<RoleAggregate>();
  return directory;
}

std::optional<Membership> MemberDirectory::Find(WorkspaceId workspace,
                                                const std::string& user) const {
  MutexLock lock(mutex_);
  const auto at = workspaces_.find(workspace);
  if (at == workspaces_.end()) return std::nullopt;
  Workspace& known = at->second;
  const auto there = known.users.find(user);
  if (there == known.users.end() || there->second.state.lifecycle != Lifecycle::kActive ||
      there->second.state.resource.state() == users::v1::INACTIVE) {
    return std::nullopt;
  }
  if (known.generation != generation() || known.found.size() >= kRememberedMax) {
    known.found.clear();
    known.generation = generation();
  }
  const auto [found, is_new] = known.found.try_emplace(user);
  if (is_new) found->second = MembershipOf(known, there->second.state.resource);
  return found->second;
}

Membership MemberDirectory::MembershipOf(const Workspace& workspace, const users::v1::User& user) {
  auto member = std::make_shared<runtime::Member>();
  member->user = user.name();
  member->teams = WithParts({user.teams().begin(), user.teams().end()}, workspace.Parents());
  member->groups = WithWholes({user.teams().begin(), user.teams().end()}, workspace.Parents());
  member->groups.push_back(user.name());
  std::sort(member->groups.begin(), member->groups.end());
  for (const auto& [name, other] : workspace.users) {
    if (IsIn(other.state, member->teams)) member->colleagues.push_back(name);
  }
  Membership membership;
  for (const std::string& name : user.roles()) {
    const roles::v1::Role* role = FindBuiltInRole(name);
    const auto made = workspace.roles.find(name);
    if (role == nullptr && made != workspace.roles.end() &&
        made->second.state.lifecycle == Lifecycle::kActive) {
      role = &made->second.state.resource;
    }
    if (role == nullptr) continue;  // it was deleted
    membership.grants.Add(GrantsOf(*role));
    for (const int group : role->field_groups()) {
      member->reads_personal |= group == roles::v1::PERSONAL;
      member->reads_money |= group == roles::v1::MONEY;
    }
  }
  membership.member = std::move(member);
  return membership;
}

std::vector<std::string> MemberDirectory::UsersIn(WorkspaceId workspace,
                                                  const std::vector<std::string>& teams) const {
  MutexLock lock(mutex_);
  const auto at = workspaces_.find(workspace);
  if (at == workspaces_.end()) return {};
  const std::vector<std::string> all = WithParts(teams, at->second.Parents());
  std::vector<std::string> users;
  for (const auto& [name, user] : at->second.users) {
    if (IsIn(user.state, all)) users.push_back(name);
  }
  return users;
}

}  // namespace kith::workspaces
