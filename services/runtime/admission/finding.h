// Finding: who may have a command find records by what they hold. What comes of it, or what the
// command is refused with, tells whether some record holds a value, so who may not read it is
// refused before anything is looked up, as by a filter. Of records that are hidden from the caller
// none is found. Any thread.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "services/runtime/admission/authorizer.h"

namespace kith::runtime {

// ERROR_PERMISSION_DENIED where the field is of a group that the caller does not read. The error
// names it as a request does that has its message: "contact.emails".
absl::Status CheckFindsBy(const Caller& caller, const google::protobuf::FieldDescriptor& field);

// ERROR_PERMISSION_DENIED where the caller is a service that is not granted `permission`, which is
// what getting one of the records asks for. From users without it they are hidden.
absl::Status CheckFinds(const Caller& caller, absl::string_view permission);

// Whether records of this type have something personal that the caller does not read: they are not
// told which of them has a value that no other may have.
bool HidesPersonal(const Caller& caller, const google::protobuf::Descriptor& resource);

}  // namespace kith::runtime
