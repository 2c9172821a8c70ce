#include "services/core/access.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
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

void RoleGrants::Add(RoleGrants other) {
  std::move(other.permissions.begin(), other.permissions.end(), std::back_inserter(permissions));
  std::move(other.field_groups.begin(), other.field_groups.end(), std::back_inserter(field_groups));
}

Scope Grants::ScopeOf(absl::string_view permission) const {
  const bool is_granted =
      std::any_of(patterns_.begin(), patterns_.end(),
                  [&](const std::string& pattern) { return Matches(pattern, permission); });
  if (!is_granted) return Scope::kNone;
  return is_bounded_ ? kith::ScopeOf(of_roles_.permissions, permission) : Scope::kAll;
}

bool Grants::Show(absl::string_view field_group) const {
  const std::vector<std::string>& shown = of_roles_.field_groups;
  return !is_bounded_ || std::find(shown.begin(), shown.end(), field_group) != shown.end();
}

std::string Excess::Why() const {
  if (!field_group.empty()) {
    return absl::StrCat("it shows fields of the group ", field_group,
                        ", which are hidden from you");
  }
  return absl::StrCat("it grants ", grant.pattern, " with the scope ", NameOf(grant.scope),
                      ", and your own is ", NameOf(own));
}

ErrorMetadata Excess::Metadata() const {
  if (!field_group.empty()) return {{"field_group", field_group}};
  return {{"permission", grant.pattern},
          {"scope", std::string(NameOf(grant.scope))},
          {"own_scope", std::string(NameOf(own))}};
}

std::optional<Excess> FirstBeyond(const RoleGrants& wanted, const Grants* own) {
  if (own == nullptr) return std::nullopt;
  for (const Grant& grant : wanted.permissions) {
    const Scope scope = own->ScopeOf(grant.pattern);
    if (scope < grant.scope) return Excess{grant, scope, ""};
  }
  for (const std::string& group : wanted.field_groups) {
    if (!own->Show(group)) return Excess{{}, Scope::kNone, group};
  }
  return std::nullopt;
}

}  // namespace kith
