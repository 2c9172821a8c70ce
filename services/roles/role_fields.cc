#include "services/roles/role_fields.h"

#include <algorithm>
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
  const std::vector<Grant> had = GrantsOf(before);
  std::vector<Grant> wanted = GrantsOf(after);
  wanted.erase(std::remove_if(
                   wanted.begin(), wanted.end(),
                   [&](const Grant& grant) { return ScopeOf(had, grant.pattern) >= grant.scope; }),
               wanted.end());
  const Grant* const beyond = FirstBeyond(wanted, grants);
  if (beyond == nullptr) return absl::OkStatus();
  const absl::string_view own = NameOf(grants->ScopeOf(beyond->pattern));
  return Reject(v1::ROLES_ERROR_PERMISSION_NOT_GRANTED,
                absl::StrCat("You cannot let a role grant ", beyond->pattern, " with the scope ",
                             NameOf(beyond->scope), ": your own is ", own, "."),
                {{"permission", beyond->pattern},
                 {"scope", std::string(NameOf(beyond->scope))},
                 {"own_scope", std::string(own)}});
}

}  // namespace kith::roles
