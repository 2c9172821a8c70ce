// The letter: what a message has beside what it says, as it is sent: an image and links that tell
// that it was opened and followed, and a way to unsubscribe. The message itself stays as it was
// queued. Pure; any thread.
#pragma once

#include <string>

#include "eventstore/seal/token_sealer.h"
#include "services/runtime/calls/public_name.h"
#include "services/runtime/effects/mailer.h"

namespace kith::messages {

// Borrows what it refers to.
struct LetterAddresses {
  const eventstore::TokenSealer& sealer;
  const std::string& public_url;  // "https://crm.example.com"
  runtime::PublicName message;    // "contacts/01J…/messages/01J…"
  bool is_tracked = false;
};

// Its links lead through Kith and an image is added, in HTML only, where it is tracked; a line in
// the text, one in the HTML where it has any, and headers say how to unsubscribe.
void AddToLetter(const LetterAddresses& addresses, runtime::Mailer::Letter& letter);

}  // namespace kith::messages
