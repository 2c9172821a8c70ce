// What the fields of a user mean together: what they must not be, and under which values a user
// claims them. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kith/users/v1/user.pb.h"

namespace kith::users {

// The purpose of a user's claim. Persisted inside the hashes of the log's tags.
inline constexpr absl::string_view kEmailClaim = "users.email";

// Every rule that no single field can state, all violations at once: no team stands there twice.
absl::Status CheckFields(const v1::User& user);

// The value under which the address is claimed and compared; none where there is no address.
std::vector<std::string> EmailKeys(const v1::User& user);

}  // namespace kith::users
