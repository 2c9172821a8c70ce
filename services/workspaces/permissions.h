// The permissions that a key may grant: what the methods of the server ask for, and what a grant
// that matches none of them was perhaps meant to be. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kith/workspaces/v1/workspace.pb.h"
#include "services/runtime/calls/method_table.h"

namespace kith::workspaces {

// What the methods ask for, each once, sorted.
std::vector<std::string> PermissionsOf(const runtime::MethodTable& methods);

// OK, or UNKNOWN_PERMISSION, which names each of the key's grants that matches none of `known`,
// what comes near it, and all that there are.
absl::Status CheckPermissions(const v1::ApiKey& key, const std::vector<std::string>& known);

// Those of `known` that come near to `grant`: what is about the same resource, else what differs
// in few letters. None where it is like no other.
std::vector<std::string> PermissionsLike(absl::string_view grant,
                                         const std::vector<std::string>& known);

}  // namespace kith::workspaces
