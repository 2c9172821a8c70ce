#include "projections/notifications/team_members.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "eventstore/base/standard_events.h"
#include "eventstore/base/status_macros.h"
#include "kith/notifications/v1/notification_rows.pb.h"
#include "kith/teams/v1/team.pb.h"
#include "kith/teams/v1/team_events.pb.h"
#include "kith/users/v1/user.pb.h"
#include "projections/notifications/user_lists.h"
#include "projections/tables/fold_resource.h"
#include "projections/tables/table.h"

namespace kith::notifications {
namespace {

using google::protobuf::RepeatedPtrField;
using projections::Table;
using projections::TableBuilder;
using projections::ViewBatch;
using teams::v1::Team;
using users::v1::User;

const UserLists& Users() {
  static const auto& users = *new UserLists(11, &User::teams, &User::mutable_teams);
  return users;
}
const Table<v1::TeamMembers>& Teams() {
  static const auto& table = *new Table<v1::TeamMembers>(
      TableBuilder<v1::TeamMembers>(12)
          .Key([](const v1::TeamMembers& team) -> const std::string& { return team.team(); })
          .Build());
  return table;
}

void Insert(RepeatedPtrField<std::string>& names, const std::string& name) {
  const auto place = std::lower_bound(names.begin(), names.end(), name);
  if (place != names.end() && *place == name) return;
  const auto index = place - names.begin();
  names.Add(std::string(name));
  std::rotate(names.begin() + index, names.end() - 1, names.end());
}

void Remove(RepeatedPtrField<std::string>& names, const std::string& name) {
  const auto place = std::lower_bound(names.begin(), names.end(), name);
  if (place != names.end() && *place == name) names.erase(place);
}

absl::StatusOr<v1::TeamMembers> RowOf(ViewBatch& batch, WorkspaceId workspace,
                                      const std::string& team) {
  KITH_ASSIGN_OR_RETURN(auto row, Teams().Get(batch, workspace, team));
  v1::TeamMembers members = row.has_value() ? *std::move(row) : v1::TeamMembers();
  members.set_team(team);
  return members;
}

absl::Status FoldUser(const eventstore::RecordedEvent& event, ViewBatch& batch) {
  const eventstore::EventHeader& header = event.header();
  KITH_ASSIGN_OR_RETURN(const UserLists::Change change, Users().Fold(event, batch));
  for (const std::string& team : change.gone) {
    KITH_ASSIGN_OR_RETURN(v1::TeamMembers members, RowOf(batch, header.workspace, team));
    Remove(*members.mutable_users(), header.stream);
    KITH_RETURN_IF_ERROR(Teams().Put(batch, header.workspace, members));
  }
  for (const std::string& team : change.come) {
    KITH_ASSIGN_OR_RETURN(v1::TeamMembers members, RowOf(batch, header.workspace, team));
    Insert(*members.mutable_users(), header.stream);
    KITH_RETURN_IF_ERROR(Teams().Put(batch, header.workspace, members));
  }
  return absl::OkStatus();
}

absl::Status FoldTeam(const eventstore::RecordedEvent& event, ViewBatch& batch) {
  const eventstore::EventHeader& header = event.header();
  KITH_ASSIGN_OR_RETURN(v1::TeamMembers row, RowOf(batch, header.workspace, header.stream));
  const std::string before = row.parent();
  Team team;
  team.set_parent(before);
  const StandardEvent kind = FoldStandardEvent(projections::HappeningOf(event), team);
  // One that is deleted has no parts, and nothing can be in its queue; it keeps its place.
  if (kind == StandardEvent::kDeleted || team.parent() == before) return absl::OkStatus();
  row.set_parent(team.parent());
  KITH_RETURN_IF_ERROR(Teams().Put(batch, header.workspace, row));
  if (!before.empty()) {
    KITH_ASSIGN_OR_RETURN(v1::TeamMembers whole, RowOf(batch, header.workspace, before));
    Remove(*whole.mutable_parts(), header.stream);
    KITH_RETURN_IF_ERROR(Teams().Put(batch, header.workspace, whole));
  }
  if (team.parent().empty()) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(v1::TeamMembers whole, RowOf(batch, header.workspace, team.parent()));
  Insert(*whole.mutable_parts(), header.stream);
  return Teams().Put(batch, header.workspace, whole);
}

}  // namespace

bool IsOfMembers(const eventstore::RecordedEvent& event) {
  const absl::string_view category = eventstore::CategoryOf(event.header().stream);
  return category == "users" || category == "teams";
}

absl::Status FoldMembers(const eventstore::RecordedEvent& event, ViewBatch& batch) {
  return absl::StartsWith(event.header().stream, "users/") ? FoldUser(event, batch)
                                                           : FoldTeam(event, batch);
}

absl::StatusOr<std::vector<std::string>> MembersOf(const std::string& team, WorkspaceId workspace,
                                                   size_t limit, ViewBatch& batch) {
  std::set<std::string> members;
  std::set<std::string> seen = {team};
  std::deque<std::string> ahead = {team};
  while (!ahead.empty()) {
    KITH_ASSIGN_OR_RETURN(const v1::TeamMembers row, RowOf(batch, workspace, ahead.front()));
    ahead.pop_front();
    members.insert(row.users().begin(), row.users().end());
    for (const std::string& part : row.parts()) {
      if (seen.insert(part).second) ahead.push_back(part);
    }
  }
  std::vector<std::string> first(members.begin(), members.end());
  if (first.size() > limit) first.resize(limit);
  return first;
}

bool IsTeam(absl::string_view owner) { return absl::StartsWith(owner, "teams/"); }

absl::Status TellOwners(const eventstore::EventHeader& header, const Notice& notice,
                        const std::string& doer, ViewBatch& batch,
                        projections::Reactions& reactions) {
  if (!IsTeam(notice.owner)) {
    if (notice.owner.empty() || notice.owner == doer) return absl::OkStatus();
    return Tell(header, notice, reactions);
  }
  KITH_ASSIGN_OR_RETURN(std::vector<std::string> told,
                        MembersOf(notice.owner, header.workspace, kMembersMax, batch));
  told.erase(std::remove(told.begin(), told.end(), doer), told.end());
  return TellAll(header, notice, told, reactions);
}

}  // namespace kith::notifications
