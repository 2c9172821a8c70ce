// What a user may do, and through which roles. Pure functions, any thread.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "kith/roles/v1/role.pb.h"
#include "kith/users/v1/user.pb.h"
#include "kith/users/v1/users_service.pb.h"
#include "services/core/nested_teams.h"

namespace kith::users {

// `roles` are those of the user's that are there; `permissions` all that users can be granted,
// sorted, of which the `whole` ones count with the scope ALL only.
v1::UserAccess AccessOf(const v1::User& user, const std::vector<roles::v1::Role>& roles,
                        const TeamParents& teams, const std::vector<std::string>& permissions,
                        const std::set<std::string>& whole);

}  // namespace kith::users
