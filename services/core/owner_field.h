// The owner of a resource: its field `owner`, where that names a record and may change. Pure
// functions, any thread.
#pragma once

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/field_mask.pb.h"

namespace kith {

// Null where resources of this type have none, or one that stays: nobody else can be given them.
const google::protobuf::FieldDescriptor* OwnerFieldOf(const google::protobuf::Descriptor& resource);

// Whether an update, of which this is the mask, only gives the record to somebody: whose it is
// changes, and maybe `follows`, a field that follows from that. Nothing was done about the record.
bool HandsOverOnly(const google::protobuf::FieldMask& changed, absl::string_view follows = {});

// Whether the owner may be a team, in whose queue it waits.
bool MayTeamsOwn(const google::protobuf::FieldDescriptor& owner);

}  // namespace kith
