// What the fields of a user mean together: what they must not be, under which values a user claims
// them, and who is an administrator. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/rpc/error_details.pb.h"
#include "kith/notifications/v1/notification_preferences.pb.h"
#include "kith/roles/v1/role.pb.h"
#include "kith/users/v1/user.pb.h"
#include "services/core/access.h"
#include "services/core/built_in_roles.h"

namespace kith::users {

// The purposes of a user's claims. Persisted inside the hashes of the log's tags.
inline constexpr absl::string_view kEmailClaim = "users.email";
inline constexpr absl::string_view kAdminClaim = "users.admin";

// Every rule that no single field can state, all violations at once: no team and no role stands
// there twice; an absence ends no earlier than it begins, has no day in common with another, and
// the user does not stand in for themselves.
absl::Status CheckFields(const v1::User& user);

// The same of how they want to be told: each kind is named once, and quiet hours have a beginning
// and another end. `prefix` is where they stand: "user.".
void CheckPreferences(const notifications::v1::NotificationPreferences& preferences,
                      absl::string_view prefix, google::rpc::BadRequest& violations);

// The value under which the address is claimed and compared; none where there is no address.
std::vector<std::string> EmailKeys(const v1::User& user);

// {kAdminRole} of somebody active who has that role: what administrators claim.
std::vector<std::string> AdminKeys(const v1::User& user);

// The user is the last who is an administrator.
absl::Status LastAdmin(absl::string_view name);

// USERS_ERROR_USER_INACTIVE where the user is not active, and `field` of a request names whose a
// record is to be, a manager or a stand-in; or is "owner", of a record that would come back theirs.
absl::Status MayBeNamed(const v1::User& user, absl::string_view field);

// Whether who may do `grants`, null for everything, may give somebody the role.
absl::Status MayGive(const roles::v1::Role& role, absl::string_view field, const Grants* grants);

}  // namespace kith::users
