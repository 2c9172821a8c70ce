// What the fields of a lead mean together: what follows from them, what they must not be, and under
// which values a lead claims them. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kith/leads/v1/lead.pb.h"
#include "services/core/decider.h"

namespace kith::leads {

// The purposes of a lead's claims; of its address it is kLeadEmailClaim (identity_claims.h), since
// some version only. Persisted inside the hashes of the log's tags.
inline constexpr absl::string_view kExternalIdClaim = "leads.external_id";

// What follows from what a caller set: a new number is in E.164 as the workspace's default region
// reads it, and kept as typed where it cannot be read; the display name is the names that are set,
// else the company's, the address or the number; the only touch of a new lead is its first and its
// latest, and says its source, where that is not said; the first that is said later is both, too.
// Whose it is says whether it is NEW or ASSIGNED, where nothing else happened to it.
void CompleteFields(const v1::Lead& before, const Settings& settings, v1::Lead& after);

// Every rule that no single field can state, all violations at once: the lead says who it is; its
// amount is not negative; the latest touch was not before the first.
absl::Status CheckFields(const v1::Lead& lead);

// Whether it tells of a person: by a name, an address or a number.
bool TellsOfPerson(const v1::Lead& lead);

// The values under which external ids are claimed, and the address: several leads may have it.
std::vector<std::string> ExternalIdKeys(const v1::Lead& lead);
std::vector<std::string> EmailKeys(const v1::Lead& lead);

}  // namespace kith::leads
