// NotGranted: the refusal of what somebody may do to no record.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/core/access.h"
#include "services/runtime/admission/authorizer.h"

namespace kith::runtime {

// ERROR_PERMISSION_DENIED for who has these grants, which do not contain the permission. `user` is
// whose credentials they are; empty: a service's. It says whether the user's roles lack it, or what
// they show.
absl::Status NotGranted(const Grants& grants, absl::string_view user, absl::string_view permission);
absl::Status NotGranted(const Caller& caller, absl::string_view permission);

}  // namespace kith::runtime
