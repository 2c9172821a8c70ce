// Reads of scores: one, a list, and what one is made of, as of any moment. Whoever sees a record
// sees its scores. Any thread that may touch the disk.
#pragma once

#include <vector>

#include "services/runtime/calls/method_table.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::scoring_models {

// Borrows the runtime and the table. `resources` are all that the server has.
void BindReads(std::vector<runtime::ResourceType> resources, const runtime::Runtime& runtime,
               runtime::MethodTable& methods);

}  // namespace kith::scoring_models
