// What the fields of a company mean together: what follows from them, what they must not be, and
// under which values a company claims them. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "kith/companies/v1/company.pb.h"
#include "services/core/decider.h"
#include "services/core/identity_claims.h"
#include "services/core/resource_rules.h"

namespace kith::companies {

// The purposes of a company's claims. Persisted inside the hashes of the log's tags.
inline constexpr absl::string_view kDomainClaim = kCompanyDomainClaim;
inline constexpr absl::string_view kExternalIdClaim = "companies.external_id";
inline constexpr absl::string_view kNameClaim = kCompanyNameClaim;

// What follows from what a caller set: domains are the registered ones, the first address and the
// first number are primary where none is marked, numbers are in E.164, and a new company is a lead.
// A domain that the company has already stays as it is, whatever the list of suffixes says today.
void CompleteFields(const v1::Company& before, const Settings& settings, v1::Company& after);

// Every rule that no single field can state, all violations at once: no domain and no address
// stands there twice; at most one address and one number are primary; revenue is not negative.
absl::Status CheckFields(const v1::Company& company, const ClaimValues& claimed);

// Of two that are merged: whether `other` has the value of the field that is to stay, which both
// have. Only its stage, where it is further.
bool PrefersOther(const google::protobuf::FieldDescriptor& field, const v1::Company& one,
                  const v1::Company& other);

// What another company may have as well, in the order in which it means most.
std::vector<Likeness> LikenessesOf(const v1::Company& company);

// The values under which it claims them, in the order of its fields.
std::vector<std::string> DomainKeys(const v1::Company& company);
std::vector<std::string> ExternalIdKeys(const v1::Company& company);
std::vector<std::string> NameKeys(const v1::Company& company);

}  // namespace kith::companies
