// The methods that merge records of a resource and take them apart again, the same for every one
// that can be merged: Merge<Plural>, Unmerge<Resource>, PreviewMerge<Plural>,
// Find<Resource>Duplicates and List<Resource>Duplicates.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "services/core/collection.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/resources/resource_type.h"

namespace kith::runtime {

// Binds the method where it is one of these. Of a type that can be merged, which outlives the
// table, as `types` do, all there are; as its own messages have it: aborts where they have not the
// fields of such a method.
bool BindMerge(const std::vector<ResourceType>& types, const ResourceType& type,
               const google::protobuf::MethodDescriptor& method,
               std::shared_ptr<const ServerFacts> facts, MethodTable& methods);

// All names that mean the record, its own first. Those that were merged become conditions.
absl::StatusOr<std::vector<std::string>> NamesOf(const ResourceType& type, const std::string& name,
                                                 Loader& load);

}  // namespace kith::runtime
