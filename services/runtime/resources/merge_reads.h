// The reads about merging, the same for every resource that can be merged: PreviewMerge<Plural>,
// Find<Resource>Duplicates and List<Resource>Duplicates.
#pragma once

#include <memory>

#include "google/protobuf/descriptor.h"
#include "services/core/collection.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/resources/resource_type.h"

namespace kith::runtime {

// Binds the method where it is one of these. As BindMerge.
bool BindMergeRead(const ResourceType& type, const google::protobuf::MethodDescriptor& method,
                   std::shared_ptr<const ServerFacts> facts, MethodTable& methods);

}  // namespace kith::runtime
