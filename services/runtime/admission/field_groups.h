// Field groups: what of a record a caller's roles do not let them read, and so neither ask by nor
// change: a change that makes none would tell what there is. Any thread; costs nothing for who
// reads all.
#pragma once

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"
#include "services/core/custom_fields.h"
#include "services/runtime/admission/authorizer.h"

namespace kith::runtime {

// Whether all groups are the caller's.
bool ReadsAllGroups(const Caller& caller);

// Whether the field itself is of a group that the caller does not have: the protos declare it
// personal, or it is a google.type.Money.
bool IsMasked(const Caller& caller, const google::protobuf::FieldDescriptor& field);

// ERROR_PERMISSION_DENIED where a request says a masked field itself (a quota, what a deal is won
// for) or is an update that CheckUpdate refuses; of one that may create, CheckUpdate is for whoever
// finds the record.
absl::Status CheckRequest(const Caller& caller, const google::protobuf::Message& request);

// ERROR_PERMISSION_DENIED where an update means masked fields, or values with masked parts, of the
// resource that stands in it. OK where it is no update.
absl::Status CheckUpdate(const Caller& caller, const google::protobuf::Message& update);

// ERROR_PERMISSION_DENIED where an update means single custom fields that are amounts, in whatever
// form they are sent: as a text, or empty.
absl::Status CheckCustomUpdate(const Caller& caller, const CustomFieldSet& fields,
                               const google::protobuf::Message& update);

// ERROR_PERMISSION_DENIED where a key of a map field that `changed` names holds in `before`, the
// resource, something masked, as an amount among custom fields: what is sent need not say so.
absl::Status CheckKept(const Caller& caller, const google::protobuf::Message& before,
                       const google::protobuf::FieldMask& changed);

// ERROR_PERMISSION_DENIED where an update says by a masked field which record it is about.
absl::Status CheckIdentity(const Caller& caller, const google::protobuf::Message& update,
                           const google::protobuf::FieldDescriptor& identity);

}  // namespace kith::runtime
