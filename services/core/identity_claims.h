// The claims by which other capabilities find a record, too: under which values somebody has what
// only one may have. Persisted inside the hashes of the log's tags.
#pragma once

#include "absl/strings/string_view.h"

namespace kith {

// Of a contact: EmailKey of each of its addresses.
inline constexpr absl::string_view kContactEmailClaim = "contacts.email";
// Of a company: each of its domains.
inline constexpr absl::string_view kCompanyDomainClaim = "companies.domain";

}  // namespace kith
