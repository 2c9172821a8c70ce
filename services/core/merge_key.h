// What people and companies have alike, as merging has to know it (ResourceRules::merge). Pure
// functions, any thread.
#pragma once

#include <string>

#include "google/protobuf/message.h"
#include "kith/contacts/v1/contact.pb.h"

namespace kith {

// Under which elements of a list are the same: an address by its normal form, a number by its
// digits, an external id by its system and id, a consent by its purpose and channel, anything else
// by all but what it is labelled and that it is primary.
std::string MergeKey(const google::protobuf::FieldDescriptor& list,
                     const google::protobuf::Message& element);

// Of two elements that are the same: whether they are told as a whole, so that nothing of one is
// joined with the other. Consents are: a refusal has its own reason and time.
bool IsWhole(const google::protobuf::Message& element);
// Of two consents of one purpose and channel, whether the first is the one that holds: never asked
// is less than given, and given less than refused or withdrawn. False for anything else.
bool IsStricter(const google::protobuf::Message& element, const google::protobuf::Message& than);

// Whether a stage is further on the way to a customer than another. OTHER is on no way, and stays
// only beside nothing.
bool IsFurther(contacts::v1::LifecycleStage stage, contacts::v1::LifecycleStage than);

}  // namespace kith
