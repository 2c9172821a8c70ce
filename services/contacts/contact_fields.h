// What the fields of a contact mean together: what follows from them, what they must not be, and
// under which values a contact claims them. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kith/contacts/v1/contact.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"

namespace kith::contacts {

// The purposes of a contact's claims. Persisted inside the hashes of the log's tags.
inline constexpr absl::string_view kEmailClaim = "contacts.email";
inline constexpr absl::string_view kExternalIdClaim = "contacts.external_id";

// A contact as a caller sent it, made whole: without what only the server says, the first address
// and the first number primary where none is marked, and each number in E.164 as the workspace's
// default region reads it. A number that cannot be read is kept as typed.
v1::Contact CompleteFields(v1::Contact contact, const Settings& settings);

// The names that are set, in order: "Ada King Lovelace".
std::string DisplayNameOf(const v1::Contact& contact);

// Every rule that no single field can state, all violations at once: there is a name, an address or
// a number; no address stands there twice; at most one address and one number are primary.
absl::Status CheckFields(const v1::Contact& contact);

// The values under which addresses are claimed and compared, in the order of the contact's
// addresses.
std::vector<std::string> EmailKeys(const v1::Contact& contact);
// Everything a contact claims.
std::vector<Claim> ClaimsOf(const v1::Contact& contact);

}  // namespace kith::contacts
