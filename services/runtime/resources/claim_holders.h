// FindHolders: which records have a value now, as a command finds them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/resources/resource_type.h"

namespace kith::runtime {

// The names of those that are there, are seen by the caller and hold `value` of the claim, oldest
// claim first. That nobody else comes to claim it is a condition of the append. Aborts where the
// resource has no such claim. Any thread; errors are the loader's.
absl::StatusOr<std::vector<std::string>> FindHolders(Loader& load, const ResourceType& type,
                                                     absl::string_view claim,
                                                     const std::string& value);

}  // namespace kith::runtime
