// The owner of a resource: its field `owner`, where that names a record and may change. Pure
// functions, any thread.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"
#include "services/core/decision.h"

namespace kith {

// Null where resources of this type have none, or one that stays: nobody else can be given them.
const google::protobuf::FieldDescriptor* OwnerFieldOf(const google::protobuf::Descriptor& resource);

// Whether an update, of which this is the mask, only gives the record to somebody: whose it is
// changes, and maybe `follows`, a field that follows from that. Nothing was done about the record.
bool HandsOverOnly(const google::protobuf::FieldMask& changed, absl::string_view follows = {});

// The purpose of the claim by which whatever gives a record of the category to a user is found, so
// that who is decided to own none, and is given one meanwhile, is decided upon again. Persisted as
// those of ClaimRule.
std::string OwnerPurpose(absl::string_view category);
// That claim of a record that becomes a user's; `before` is null where it comes into being, or
// back. Nullopt where it becomes no user's, or stays theirs, and where the rules claim it as a held
// link.
std::optional<Claim> OwnerClaim(absl::string_view category, const google::protobuf::Message* before,
                                const google::protobuf::Message& after);

// Whether the owner may be a team, in whose queue it waits.
bool MayTeamsOwn(const google::protobuf::FieldDescriptor& owner);

}  // namespace kith
