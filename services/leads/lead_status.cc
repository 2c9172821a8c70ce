#include "services/leads/lead_status.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace kith::leads {

bool MayBecome(v1::LeadStatus from, v1::LeadStatus to) {
  return std::any_of(std::begin(kTransitions), std::end(kTransitions),
                     [&](const Transition& one) { return one.from == from && one.to == to; });
}

std::string AllowedAfter(v1::LeadStatus from) {
  std::string allowed;
  for (const Transition& one : kTransitions) {
    if (one.from != from) continue;
    absl::StrAppend(&allowed, allowed.empty() ? "" : ", ", v1::LeadStatus_Name(one.to));
  }
  return allowed;
}

}  // namespace kith::leads
