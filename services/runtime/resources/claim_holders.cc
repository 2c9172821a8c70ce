#include "services/runtime/resources/claim_holders.h"

#include <algorithm>

#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "services/runtime/admission/finding.h"

namespace kith::runtime {

absl::StatusOr<ClaimHolders> FindHolders(Loader& load, const ResourceType& type,
                                         const google::protobuf::FieldDescriptor& field,
                                         absl::string_view claim, const std::string& value) {
  KITH_RETURN_IF_ERROR(CheckFindsBy(load.caller(), field));
  const auto& claims = type.rules->claims;
  const auto rule = std::find_if(claims.begin(), claims.end(),
                                 [&](const ClaimRule& one) { return one.purpose == claim; });
  KITH_CHECK(rule != claims.end());
  KITH_ASSIGN_OR_RETURN(const std::vector<const void*> states,
                        load.LoadTaggedStates(*type.aggregate, claim, value));
  ClaimHolders holders;
  for (const void* const state : states) {
    const ResourceNow now = type.now_of(state);
    if (now.lifecycle != Lifecycle::kActive) continue;
    const std::vector<std::string> held = rule->values(*now.resource);
    if (std::find(held.begin(), held.end(), value) == held.end()) continue;  // given up since
    if (!load.Hides(type.rules->category, state)) holders.push_back(now.resource);
  }
  return holders;
}

}  // namespace kith::runtime
