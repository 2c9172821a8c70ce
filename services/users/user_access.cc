#include "services/users/user_access.h"

#include "services/core/access.h"
#include "services/core/built_in_roles.h"

namespace kith::users {
namespace {

roles::v1::AccessScope ToProto(Scope scope) {
  switch (scope) {
    case Scope::kNone:
      break;
    case Scope::kOwn:
      return roles::v1::OWN;
    case Scope::kTeam:
      return roles::v1::TEAM;
    case Scope::kAll:
      return roles::v1::ALL;
  }
  return roles::v1::ACCESS_SCOPE_UNSPECIFIED;
}

// As far as it has at least the scope `least`.
void AddPermission(const std::string& permission, Scope least,
                   const std::vector<roles::v1::Role>& roles, v1::UserAccess& access) {
  Scope widest = Scope::kNone;
  std::vector<std::string> through;
  for (const roles::v1::Role& role : roles) {
    const Scope scope = ScopeOf(GrantsOf(role).permissions, permission);
    if (scope < least || scope < widest) continue;
    if (scope > widest) through.clear();
    widest = scope;
    through.push_back(role.name());
  }
  if (widest == Scope::kNone) return;
  v1::PermissionAccess& granted = *access.add_permissions();
  granted.set_permission(permission);
  granted.set_scope(ToProto(widest));
  for (const std::string& role : through) granted.add_roles(role);
}

void AddGroup(roles::v1::FieldGroup group, const std::vector<roles::v1::Role>& roles,
              v1::UserAccess& access) {
  v1::FieldGroupAccess readable;
  readable.set_group(group);
  for (const roles::v1::Role& role : roles) {
    for (const int each : role.field_groups()) {
      if (each == group) readable.add_roles(role.name());
    }
  }
  if (readable.roles_size() > 0) *access.add_field_groups() = std::move(readable);
}

}  // namespace

v1::UserAccess AccessOf(const v1::User& user, const std::vector<roles::v1::Role>& roles,
                        const TeamParents& teams, const std::vector<std::string>& permissions,
                        const std::set<std::string>& whole) {
  v1::UserAccess access;
  access.set_name(user.name());
  access.set_state(user.state());
  for (const std::string& team : WithParts({user.teams().begin(), user.teams().end()}, teams)) {
    access.add_teams(team);
  }
  if (user.state() == v1::INACTIVE) return access;
  for (const std::string& permission : permissions) {
    const Scope least = whole.count(permission) > 0 ? Scope::kAll : Scope::kOwn;
    AddPermission(permission, least, roles, access);
  }
  const auto& groups = *roles::v1::FieldGroup_descriptor();
  for (int i = 1; i < groups.value_count(); ++i) {
    AddGroup(static_cast<roles::v1::FieldGroup>(groups.value(i)->number()), roles, access);
  }
  return access;
}

}  // namespace kith::users
