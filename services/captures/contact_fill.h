// What a contact that is there takes of a person who was captured, and what it does not.
//
// Pure functions, any thread.
#pragma once

#include <optional>

#include "google/protobuf/field_mask.pb.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/interactions/v1/interaction.pb.h"

namespace kith::captures {

// The update that fills a contact with what it lacks and the person has, with a mask of what it
// changes; nullopt where nothing is missing. Pure.
std::optional<contacts::v1::UpdateContactRequest> FillOf(const contacts::v1::Contact& contact,
                                                         const contacts::v1::Contact& person);

// Has the interaction tell what the contact, as it is filled with `filled`, does not have of the
// person, as far as there is room: in its text each value after the name of its field, and below an
// empty line where the text is a mail's. An amount stands in its amounts, as not everybody may read
// one who reads the text, which says where. Both have their numbers in E.164.
void TellRest(const contacts::v1::Contact& person, const contacts::v1::Contact& contact,
              const google::protobuf::FieldMask& filled,
              interactions::v1::Interaction& interaction);

}  // namespace kith::captures
