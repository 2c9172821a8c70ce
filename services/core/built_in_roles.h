// The roles that every workspace has from its beginning, without an event, and what roles give.
//
// It stands here because several capabilities need it: roles lists them, users are given them, and
// workspaces asks what a caller may do. Pure functions, any thread.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kith/roles/v1/role.pb.h"
#include "services/core/access.h"

namespace kith {

// Who may do everything. A workspace in which somebody has it keeps one who has it.
inline constexpr absl::string_view kAdminRole = "roles/admin";

// roles/admin, sales-manager, sales-rep, marketing, support, auditor and integration. What they
// grant changes with the version of Kith: then the version of the role directory changes, too.
const std::vector<roles::v1::Role>& BuiltInRoles();

// Null where none is called so.
const roles::v1::Role* FindBuiltInRole(absl::string_view name);

// What a role gives.
RoleGrants GrantsOf(const roles::v1::Role& role);

// All that there are: "PERSONAL", "MONEY".
std::vector<std::string> FieldGroups();

}  // namespace kith
