// What the fields of a role must not be, and who may make one. Pure functions, any thread.
#pragma once

#include "absl/status/status.h"
#include "kith/roles/v1/role.pb.h"
#include "services/core/access.h"
#include "services/core/collection.h"

namespace kith::roles {

// No permission and no group of fields stands there twice, and some method asks for each
// permission: all violations of the one, else of the other at once.
absl::Status CheckFields(const v1::Role& role, const ServerFacts& facts);

// Who may do `grants`, null for everything, is granted what `after` grants beyond `before`, and as
// far.
absl::Status MayMake(const v1::Role& before, const v1::Role& after, const Grants* grants);

}  // namespace kith::roles
