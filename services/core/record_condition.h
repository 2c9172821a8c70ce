// Conditions on single records, in the words of a list's filter, as automation has them. Pure
// functions, any thread.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/core/collection.h"

namespace kith {

// Whether a record of the collection can be asked for this: what Collection::holds says to it.
absl::Status CheckCondition(const Collection& collection, absl::string_view condition);

// Null where the server has no such collection.
const Collection* FindCollection(const Collections& collections, absl::string_view name);

}  // namespace kith
