// What the fields of a contact mean together: what follows from them, what they must not be, and
// under which values a contact claims them. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "kith/contacts/v1/contact.pb.h"
#include "services/core/decider.h"
#include "services/core/person_identity.h"
#include "services/core/resource_rules.h"

namespace kith::contacts {

// The purposes of a contact's claims.
inline constexpr absl::string_view kEmailClaim = kContactEmailClaim;
inline constexpr absl::string_view kExternalIdClaim = kContactExternalIdClaim;
inline constexpr absl::string_view kPhoneClaim = kContactPhoneClaim;
inline constexpr absl::string_view kNameClaim = kContactNameClaim;

// What follows from what a caller set: the first address, number and company are primary where none
// is marked, each new number is in E.164 as the workspace's default region reads it, the
// display name is the names that are set, in order, and who is new is a lead. A number that cannot
// be read is kept as typed.
void CompleteFields(const v1::Contact& before, const Settings& settings, v1::Contact& after);

// Every rule that no single field can state, all violations at once: there is a name, an address or
// a number; no address stands there twice; at most one address, one number and one company are
// primary; nobody left a company before they came; each consent says how it stands, and there is
// one of each purpose and channel.
absl::Status CheckFields(const v1::Contact& contact, const ClaimValues& claimed);

// Of two that are merged: whether `other` has the value of the field that is to stay, which both
// have. Only its stage, where it is further.
bool PrefersOther(const google::protobuf::FieldDescriptor& field, const v1::Contact& one,
                  const v1::Contact& other);

// What another contact may have as well, in the order in which it means most.
std::vector<Likeness> LikenessesOf(const v1::Contact& contact);

// The values under which addresses are claimed and compared, in the order of the contact's
// addresses.
std::vector<std::string> EmailKeys(const v1::Contact& contact);
std::vector<std::string> ExternalIdKeys(const v1::Contact& contact);
// Those by which a person may be found to be this contact (services/core/person_identity.h).
std::vector<std::string> PhoneKeys(const v1::Contact& contact);
std::vector<std::string> NameKeys(const v1::Contact& contact);

}  // namespace kith::contacts
