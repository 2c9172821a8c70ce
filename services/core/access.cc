#include "services/core/access.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "eventstore/base/check.h"

namespace kith {
namespace {

constexpr absl::string_view kOperator = "operator.";

}  // namespace

absl::string_view NameOf(Scope scope) {
  switch (scope) {
    case Scope::kNone:
      return "none";
    case Scope::kOwn:
      return "own";
    case Scope::kTeam:
      return "team";
    case Scope::kAll:
      return "all";
  }
  KITH_UNREACHABLE();
}

bool Matches(absl::string_view pattern, absl::string_view permission) {
  if (pattern == permission) return true;
  if (absl::StartsWith(permission, kOperator) != absl::StartsWith(pattern, kOperator)) return false;
  if (pattern == "*") return true;
  if (absl::EndsWith(pattern, ".*")) {
    return absl::StartsWith(permission, pattern.substr(0, pattern.size() - 1));
  }
  return absl::StartsWith(pattern, "*.") && absl::EndsWith(permission, pattern.substr(1));
}

Scope ScopeOf(const std::vector<Grant>& grants, absl::string_view permission) {
  Scope widest = Scope::kNone;
  for (const Grant& grant : grants) {
    if (Matches(grant.pattern, permission)) widest = std::max(widest, grant.scope);
  }
  return widest;
}

const Grant* FirstBeyond(const std::vector<Grant>& wanted, const Grants* own) {
  if (own == nullptr) return nullptr;
  const auto beyond = std::find_if(wanted.begin(), wanted.end(), [&](const Grant& grant) {
    return own->ScopeOf(grant.pattern) < grant.scope;
  });
  return beyond == wanted.end() ? nullptr : &*beyond;
}

Scope Grants::ScopeOf(absl::string_view permission) const {
  const bool is_granted =
      std::any_of(patterns_.begin(), patterns_.end(),
                  [&](const std::string& pattern) { return Matches(pattern, permission); });
  if (!is_granted) return Scope::kNone;
  return is_bounded_ ? kith::ScopeOf(of_roles_, permission) : Scope::kAll;
}

}  // namespace kith
