#include "services/roles/role_fields.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/roles/v1/roles_errors.pb.h"
#include "services/core/built_in_roles.h"
#include "services/core/permissions.h"
#include "services/core/reject.h"

namespace kith::roles {
namespace {

std::string FieldOf(int grant) { return absl::StrCat("role.grants[", grant, "].permission"); }

absl::Status CheckDistinct(const v1::Role& role) {
  google::rpc::BadRequest violations;
  for (int i = 0; i < role.grants_size(); ++i) {
    for (int j = 0; j < i; ++j) {
      if (role.grants(j).permission() != role.grants(i).permission()) continue;
      AddViolation(FieldOf(i), "stands there already", violations);
      break;
    }
  }
  AddRepeats("role.field_groups", role.field_groups(), violations);
  return RejectFields(violations);
}

}  // namespace

absl::Status CheckFields(const v1::Role& role, const ServerFacts& facts) {
  KITH_RETURN_IF_ERROR(CheckDistinct(role));
  std::vector<WantedPermission> wanted;
  for (int i = 0; i < role.grants_size(); ++i) {
    wanted.push_back({FieldOf(i), role.grants(i).permission()});
  }
  return CheckPermissions(v1::ROLES_ERROR_UNKNOWN_PERMISSION, wanted, facts.permissions);
}

absl::Status MayMake(const v1::Role& before, const v1::Role& after, const Grants* grants) {
  const RoleGrants had = GrantsOf(before);
  RoleGrants wanted = GrantsOf(after);
  std::erase_if(wanted.permissions, [&](const Grant& grant) {
    return ScopeOf(had.permissions, grant.pattern) >= grant.scope;
  });
  std::erase_if(wanted.field_groups, [&](const std::string& group) {
    return std::find(had.field_groups.begin(), had.field_groups.end(), group) !=
           had.field_groups.end();
  });
  const std::optional<Excess> beyond = FirstBeyond(wanted, grants);
  if (!beyond.has_value()) return absl::OkStatus();
  return Reject(v1::ROLES_ERROR_PERMISSION_NOT_GRANTED,
                absl::StrCat("You cannot make the role so: ", beyond->Why(), "."),
                beyond->Metadata());
}

}  // namespace kith::roles
