// Update masks: which fields an update changes, by the rules that the resource's proto declares.
//
// Paths are top-level fields, as what changes together is one field, and single keys of map fields:
// "custom.tier". Pure functions, any thread.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"

namespace kith {

// The fields among those `requested` whose value in `wanted` differs from that in `current`, in the
// order of the proto. An empty mask means the fields set in `wanted`, and of maps the keys that it
// has, "*" all that can be set; what is output-only, the name and the etag are passed over there. A
// mask that names a field that does not exist or is output-only, or means an immutable one that
// would change, is ERROR_INVALID_UPDATE_MASK, with such paths, at most kViolationsMax of them.
absl::StatusOr<google::protobuf::FieldMask> ChangedFields(
    const google::protobuf::Message& current, const google::protobuf::Message& wanted,
    const google::protobuf::FieldMask& requested);

// The same of a mask beside which a resource is created, where fields that are immutable later may
// be set.
absl::Status CheckMaskOfNew(const google::protobuf::Descriptor& resource,
                            const google::protobuf::FieldMask& requested);

// Every top-level field, of maps every key, that the two, of one type, do not have alike, in the
// order of the proto.
google::protobuf::FieldMask DifferingFields(const google::protobuf::Message& before,
                                            const google::protobuf::Message& after);

// Whether an update with this mask may change the field: it names it, or names none, or all.
bool Means(const google::protobuf::FieldMask& requested, absl::string_view field);

// Gives the fields in `mask` of `to` the values they have in `from`; what is not set there becomes
// empty. Paths that do not exist are passed over: they were written by another version. Both are of
// one type.
void ApplyFields(const google::protobuf::Message& from, const google::protobuf::FieldMask& mask,
                 google::protobuf::Message* to);

// Only the fields in `mask` of `from`.
template <class Message>
Message PickFields(const Message& from, const google::protobuf::FieldMask& mask) {
  Message picked;
  ApplyFields(from, mask, &picked);
  return picked;
}

// Empties every top-level field that is set at creation only.
void ClearImmutable(google::protobuf::Message* resource);

// Empties every output-only field, also of messages within: what callers send there is ignored.
void ClearOutputOnly(google::protobuf::Message* resource);

}  // namespace kith
