// Contacts as cards (vCard 3.0, RFC 2426, and 4.0, RFC 6350). Pure.
#pragma once

#include <ostream>

#include "kith/contacts/v1/contact.pb.h"

namespace kith::cli {

enum class CardVersion { k3, k4 };

// One card, with what a card can hold of a contact; lines end in CRLF and are folded at 75 bytes,
// between letters.
void PrintCard(const contacts::v1::Contact& contact, CardVersion version, std::ostream& out);

}  // namespace kith::cli
