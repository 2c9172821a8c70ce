// What people and companies have alike, as merging has to know it (ResourceRules::merge). Pure
// functions, any thread.
#pragma once

#include <string>

#include "google/protobuf/message.h"
#include "kith/contacts/v1/contact.pb.h"

namespace kith {

// Under which elements of a list are the same: an address by its normal form, a number by its
// digits, an external id by its system and id, anything else by all but what it is labelled and
// that it is primary.
std::string MergeKey(const google::protobuf::FieldDescriptor& list,
                     const google::protobuf::Message& element);

// Whether a stage is further on the way to a customer than another. OTHER is on no way, and stays
// only beside nothing.
bool IsFurther(contacts::v1::LifecycleStage stage, contacts::v1::LifecycleStage than);

}  // namespace kith
