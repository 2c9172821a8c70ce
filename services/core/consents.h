// Consents of a contact: which are the same, which forbid something, and how one takes the place of
// another.
//
// Pure functions, any thread.
#pragma once

#include <string>

#include "google/protobuf/repeated_ptr_field.h"
#include "kith/contacts/v1/contact.pb.h"

namespace kith {

// Consents with the same key are of one purpose and channel: a contact has one of them.
std::string ConsentKey(const contacts::v1::Consent& consent);

// Whether the person said no, at once or later.
bool IsRefusal(const contacts::v1::Consent& consent);

// Whether the person said no to being reached so, for any purpose.
bool RefusesChannel(const contacts::v1::Contact& contact, contacts::v1::ConsentChannel channel);

// The consent takes the place of that of its purpose and channel, or stands at the end.
void PutConsent(contacts::v1::Consent consent,
                google::protobuf::RepeatedPtrField<contacts::v1::Consent>& consents);

}  // namespace kith
