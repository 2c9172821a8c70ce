// The standard methods of resources, bound by the names that the AIPs give them: Create, Get, List,
// Update, Delete, Undelete, ListDeleted, BatchGet, BatchCreate, BatchUpdate, BatchDelete and
// ListRevisions. One that a capability bound itself stays as it is.
#pragma once

#include <vector>

#include "services/runtime/calls/method_table.h"
#include "services/runtime/resources/resource_type.h"

namespace kith::runtime {

struct Runtime;

// When everybody has bound what is their own. Borrows both. Aborts where one links to records
// that are none of these resources.
void BindStandardMethods(const std::vector<ResourceType>& types, const Runtime& runtime,
                         MethodTable& methods);

}  // namespace kith::runtime
