// What an operator needs before anybody can call: a first workspace, and keys.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/runtime/server_builder.h"

namespace kith::workspaces {

// Makes workspace 1, "Development", where the server has none, with a key that grants everything in
// it and the operator's methods. Returns that key's credentials, or nothing where the workspace was
// there before.
absl::StatusOr<std::string> CreateFirstWorkspace(runtime::Runtime& runtime);
// Makes a further key like that, for an operator who has lost it.
absl::StatusOr<std::string> CreateOperatorKey(runtime::Runtime& runtime);

}  // namespace kith::workspaces
