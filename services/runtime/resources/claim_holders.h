// FindHolders: which records have a value now, as a command finds them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/resources/resource_type.h"

namespace kith::runtime {

// Those that the caller sees, oldest claim first. They live as long as the loader, or until changes
// are assumed.
using ClaimHolders = std::vector<const google::protobuf::Message*>;

// The records that are there and hold `value` of the claim, which is what `field` of them holds.
// That nobody else comes to claim it is a condition of the append. Aborts where the resource has no
// such claim. Any thread; errors are those of CheckFindsBy, and the loader's.
absl::StatusOr<ClaimHolders> FindHolders(Loader& load, const ResourceType& type,
                                         const google::protobuf::FieldDescriptor& field,
                                         absl::string_view claim, const std::string& value);

}  // namespace kith::runtime
