#include "services/users/record_access.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/proto_time.h"
#include "services/core/access.h"
#include "services/users/user_access.h"

namespace kith::users {
namespace {

using google::protobuf::RepeatedPtrField;

// Finds the reasons that one user has.
class Reasons {
 public:
  Reasons(const RecordShares& record, const Staff& staff, const v1::User& user)
      : record_(record), staff_(staff), user_(user) {
    std::vector<roles::v1::Role> roles;
    for (const std::string& name : user.roles()) {
      const auto found = staff.roles.find(name);
      if (found != staff.roles.end()) roles.push_back(found->second);
    }
    access_ =
        AccessOf(user, roles, staff.teams, {record.read_permission, record.write_permission}, {});
    groups_ = WithWholes({user.teams().begin(), user.teams().end()}, staff.teams);
    groups_.push_back(user.name());
  }

  // All of them; none where the user cannot see the record.
  v1::UserRecordAccess Find() const {
    v1::UserRecordAccess found;
    found.set_user(user_.name());
    Add(record_.read_permission, {&record_.viewers, &record_.editors}, found);
    if (found.reasons().empty()) return found;
    const int to_see = found.reasons_size();
    Add(record_.write_permission, {&record_.editors}, found);
    found.set_may_change(found.reasons_size() > to_see);
    return found;
  }

 private:
  void Add(const std::string& permission, std::vector<const std::vector<std::string>*> shares,
           v1::UserRecordAccess& found) const {
    const auto& granted = access_.permissions();
    const auto with = std::find_if(granted.begin(), granted.end(), [&](const auto& each) {
      return each.permission() == permission;
    });
    if (with == granted.end()) return;
    const auto add = [&](v1::AccessWay way, const std::string& through = "") {
      v1::AccessReason& reason = *found.add_reasons();
      reason.set_way(way);
      reason.set_permission(permission);
      *reason.mutable_roles() = with->roles();
      reason.set_through(through);
    };
    if (with->scope() == roles::v1::ALL) add(v1::ALL_RECORDS);
    if (record_.owner == user_.name()) add(v1::OWNS);
    if (OwnsByTeam()) add(v1::OWNS, record_.owner);
    if (with->scope() == roles::v1::TEAM) {
      if (record_.owner.empty()) add(v1::NOBODYS);
      if (const std::string team = TeamWithOwner(); !team.empty()) add(v1::TEAM_OF_OWNER, team);
    }
    for (const std::vector<std::string>* const names : shares) {
      for (const std::string& name : *names) {
        if (std::find(groups_.begin(), groups_.end(), name) != groups_.end()) {
          add(v1::SHARED, name);
        }
      }
    }
  }

  // A team has it that the user is in, or in a part of.
  bool OwnsByTeam() const {
    return record_.owner != user_.name() &&
           std::find(groups_.begin(), groups_.end(), record_.owner) != groups_.end();
  }

  // The owner's team that is one of the user's, or a part of one, or such a team where it is the
  // owner; "" where none is.
  std::string TeamWithOwner() const {
    const RepeatedPtrField<std::string>& own = access_.teams();
    const auto is_own = [&](const std::string& team) {
      return std::find(own.begin(), own.end(), team) != own.end();
    };
    if (is_own(record_.owner)) return OwnsByTeam() ? "" : record_.owner;
    const auto owner = staff_.users.find(record_.owner);
    if (owner == staff_.users.end() || record_.owner == user_.name()) return "";
    for (const std::string& team : owner->second.teams()) {
      if (is_own(team)) return team;
    }
    return "";
  }

  const RecordShares& record_;
  const Staff& staff_;
  const v1::User& user_;
  v1::UserAccess access_;
  std::vector<std::string> groups_;
};

}  // namespace

v1::RecordAccess AccessTo(const RecordShares& record, const Staff& staff) {
  v1::RecordAccess access;
  access.set_owner(record.owner);
  for (const auto& [name, user] : staff.users) {
    if (user.state() == v1::INACTIVE) continue;
    v1::UserRecordAccess found = Reasons(record, staff, user).Find();
    if (found.reasons().empty()) continue;
    access.set_users_are_partial(access.users_size() == kUsersToldMax);
    if (access.users_are_partial()) break;
    *access.add_users() = std::move(found);
  }
  return access;
}

void AddKey(const RecordShares& record, const workspaces::v1::ApiKey& key, absl::Time now,
            v1::RecordAccess& access) {
  const bool has_ended = key.has_expire_time() && FromTimestamp(key.expire_time()) <= now;
  if (!key.user().empty() || key.revoked() || has_ended) return;
  v1::KeyRecordAccess found;
  bool may_see = false;
  for (const std::string& pattern : key.permissions()) {
    const Grants grants({pattern});
    const bool reads = grants.Contain(record.read_permission);
    const bool writes = grants.Contain(record.write_permission);
    may_see = may_see || reads;
    found.set_may_change(found.may_change() || writes);
    if (reads || writes) found.add_permissions(pattern);
  }
  if (!may_see) return;
  found.set_api_key(key.name());
  found.set_display_name(key.display_name());
  *access.add_keys() = std::move(found);
}

}  // namespace kith::users
