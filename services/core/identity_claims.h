// The purposes of the claims by which other capabilities find a record, too; of some values several
// records are found. Persisted inside the hashes of the log's tags. Constants.
#pragma once

#include "absl/strings/string_view.h"

namespace kith {

// Of a contact: EmailKey of each of its addresses.
inline constexpr absl::string_view kContactEmailClaim = "contacts.email";
// Each of its external ids, PhoneKeysOf its numbers, and its NameAtCompanyKey
// (person_identity.h).
inline constexpr absl::string_view kContactExternalIdClaim = "contacts.external_id";
inline constexpr absl::string_view kContactPhoneClaim = "contacts.phone";
inline constexpr absl::string_view kContactNameClaim = "contacts.name_at_company";
// Of a company: each of its domains.
inline constexpr absl::string_view kCompanyDomainClaim = "companies.domain";
// FoldedName of what it is called. Companies that are older than it are without.
inline constexpr absl::string_view kCompanyNameClaim = "companies.name";
// Of a lead: EmailKey of its address. Leads that are older than it are without.
inline constexpr absl::string_view kLeadEmailClaim = "leads.email";

}  // namespace kith
