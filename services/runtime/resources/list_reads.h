// The List methods of resources, and of their deleted ones, the same for all: a page by a filter
// and in an order, as AIP-132, 158 and 160 have them, and what is said of the whole list.
#pragma once

#include <vector>

#include "google/protobuf/descriptor.h"
#include "services/runtime/calls/read_call.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::runtime {

struct ListRead {
  ReadHandler read;
  FurtherViews further_views;  // beside the resource's directory; null: none
};

// Of the method, which lists the resource in the field `rows` of its reply. Borrows `types` and
// `runtime`.
ListRead ListReadOf(const std::vector<ResourceType>& types, const ResourceType& type,
                    const google::protobuf::MethodDescriptor& method,
                    const google::protobuf::FieldDescriptor* rows, const Runtime& runtime);

}  // namespace kith::runtime
