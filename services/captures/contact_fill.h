// What a contact that is there takes of a person who was captured, and what it does not.
//
// Pure functions, any thread.
#pragma once

#include <optional>
#include <string>

#include "google/protobuf/field_mask.pb.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/contacts/v1/contacts_service.pb.h"

namespace kith::captures {

// The update that fills a contact with what it lacks and the person has, with a mask of what it
// changes; nullopt where nothing is missing. Pure.
std::optional<contacts::v1::UpdateContactRequest> FillOf(const contacts::v1::Contact& contact,
                                                         const contacts::v1::Contact& person);

// The interaction's text with what the contact, as it is filled with `filled`, does not have of the
// person, each value after the name of its field, as far as an interaction's text goes. Amounts are
// left out, which not everybody may read who reads the text. Both have their numbers in E.164.
std::string BodyWithRest(std::string body, const contacts::v1::Contact& person,
                         const contacts::v1::Contact& contact,
                         const google::protobuf::FieldMask& filled);

}  // namespace kith::captures
