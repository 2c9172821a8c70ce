// ReadPermission: what a caller must be granted to see records of a kind, for answers that hold
// records of several: a timeline, a feed. As the protos declare it, so that no list has to be kept.
#pragma once

#include "absl/strings/string_view.h"
#include "services/runtime/calls/method_table.h"

namespace kith::runtime {

// The method that gets one record of the collection; null where none does.
const BoundMethod* FindGet(const MethodTable& methods, absl::string_view collection);

// The permission of the method that gets one record of the collection ("contacts"); empty where no
// method does. Takes a look at every method, some microseconds. Lives as long as the table.
absl::string_view ReadPermissionOf(const MethodTable& methods, absl::string_view collection);

}  // namespace kith::runtime
