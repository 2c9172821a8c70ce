// What the fields of a user mean together: what they must not be. Pure functions, any thread.
#pragma once

#include "absl/status/status.h"
#include "kith/users/v1/user.pb.h"

namespace kith::users {

// Every rule that no single field can state, all violations at once: no team stands there twice.
absl::Status CheckFields(const v1::User& user);

}  // namespace kith::users
