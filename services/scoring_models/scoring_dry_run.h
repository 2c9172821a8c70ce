// DryRunScoringModel: what a model would make of records, and which thresholds they would cross.
// Any thread that may touch the disk.
#pragma once

#include <vector>

#include "services/runtime/calls/method_table.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::scoring_models {

// Borrows the runtime. `resources` are all that the server has.
void BindDryRun(std::vector<runtime::ResourceType> resources, const runtime::Runtime& runtime,
                runtime::MethodTable& methods);

}  // namespace kith::scoring_models
