// The permissions that can be granted: what the methods of the server ask for, and what a grant
// that matches none of them was perhaps meant to be. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/generated_enum_reflection.h"

namespace kith {

// A grant, and the field of the request that has it: "api_key.permissions[1]".
struct WantedPermission {
  std::string field;
  std::string permission;
};

// As below, for an enum known only by its descriptor.
absl::Status CheckPermissionsFor(const google::protobuf::EnumValueDescriptor& unknown,
                                 const std::vector<WantedPermission>& wanted,
                                 const std::vector<std::string>& known);

// OK, or `unknown`, which names each grant that matches none of `known`, what comes near it, and
// all that there are.
template <class Enum>
absl::Status CheckPermissions(Enum unknown, const std::vector<WantedPermission>& wanted,
                              const std::vector<std::string>& known) {
  return CheckPermissionsFor(
      *google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(unknown), wanted, known);
}

// Those of `known` that come near to `permission`: what is about the same resource, else what
// differs in few letters. None where it is like no other.
std::vector<std::string> PermissionsLike(absl::string_view permission,
                                         const std::vector<std::string>& known);

}  // namespace kith
