// The fields of a resource that hold the values of custom fields: maps of kith.type.v1.CustomValue.
// Pure; any thread.
#pragma once

#include <vector>

#include "google/protobuf/descriptor.h"

namespace kith {

// It is such a map.
bool IsCustomMap(const google::protobuf::FieldDescriptor& field);

// Those of a resource, in the order of the proto; none where the resource has no custom fields.
std::vector<const google::protobuf::FieldDescriptor*> CustomMapsOf(
    const google::protobuf::Descriptor& resource);

}  // namespace kith
