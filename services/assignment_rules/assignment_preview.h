// PreviewAssignment: to whom a record would go, and why, as of any moment. Any thread that may
// touch the disk.
#pragma once

#include <vector>

#include "services/runtime/calls/method_table.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::assignment_rules {

// Borrows the runtime and the table. `resources` are all that the server has.
void BindPreview(std::vector<runtime::ResourceType> resources, const runtime::Runtime& runtime,
                 runtime::MethodTable& methods);

}  // namespace kith::assignment_rules
