// What the rules of resources may know of the resources that the server has. Pure; any thread.
#pragma once

#include <vector>

#include "services/core/collection.h"
#include "services/runtime/resources/resource_type.h"

namespace kith::runtime {

// Of those of them that have a list. Borrows the types.
Collections CollectionsOf(const std::vector<ResourceType>& types);

}  // namespace kith::runtime
