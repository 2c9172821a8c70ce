// Which of a server's resources has streams of a category, as "contacts". Any thread.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "eventstore/base/check.h"
#include "services/runtime/resources/resource_type.h"

namespace kith::runtime {

// Null where the server has no such resource.
inline const ResourceType* FindType(const std::vector<ResourceType>& types,
                                    absl::string_view category) {
  for (const ResourceType& type : types) {
    if (type.rules->category == category) return &type;
  }
  return nullptr;
}

// Of one that it has: the protos name it, or that was checked.
inline const ResourceType& TypeOf(const std::vector<ResourceType>& types,
                                  absl::string_view category) {
  const ResourceType* const type = FindType(types, category);
  KITH_CHECK(type != nullptr);
  return *type;
}

}  // namespace kith::runtime
