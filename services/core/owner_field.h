// The owner of a resource: its field `owner`, where that names a record and may change. Pure
// functions, any thread.
#pragma once

#include "google/protobuf/descriptor.h"

namespace kith {

// Null where resources of this type have none, or one that stays: nobody else can be given them.
const google::protobuf::FieldDescriptor* OwnerFieldOf(const google::protobuf::Descriptor& resource);

// Whether the owner may be a team, in whose queue it waits.
bool MayTeamsOwn(const google::protobuf::FieldDescriptor& owner);

}  // namespace kith
