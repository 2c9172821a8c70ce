// Grants: what a caller may do, and with whose records. Plain values; pure functions, any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace kith {

// Whose records a permission reaches, from none to all. A permission for what has no owner is
// granted by each but kNone.
enum class Scope { kNone, kOwn, kTeam, kAll };

// "own"; of kNone "none".
absl::string_view NameOf(Scope scope);

// A permission with at most one wildcard, "contacts.read", "contacts.*", "*.read", "*", and how far
// it reaches. Permissions that begin with "operator." reach across workspaces: only a pattern that
// begins so matches them.
struct Grant {
  std::string pattern;
  Scope scope = Scope::kAll;
};

// Whether the pattern is the permission, or matches it; or where `permission` is a pattern itself,
// all that this one matches.
bool Matches(absl::string_view pattern, absl::string_view permission);

// What the grants give together: the widest scope of those that match.
Scope ScopeOf(const std::vector<Grant>& grants, absl::string_view permission);

class Grants;

// The first of `wanted` that `own`, null for everything, does not grant, or not as far; null where
// there is none.
const Grant* FirstBeyond(const std::vector<Grant>& wanted, const Grants* own);

// What credentials grant: patterns, which reach all records; and where they belong to a user, no
// more than that user's roles.
class Grants {
 public:
  Grants() = default;
  explicit Grants(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {}
  // Of a user's credentials.
  Grants(std::vector<std::string> patterns, std::vector<Grant> of_roles)
      : patterns_(std::move(patterns)), of_roles_(std::move(of_roles)), is_bounded_(true) {}

  // Of `permission`, or of every one that a pattern matches, where one grant gives it.
  Scope ScopeOf(absl::string_view permission) const;
  bool Contain(absl::string_view permission) const { return ScopeOf(permission) != Scope::kNone; }
  // Whether all records are reached with every permission that `pattern` matches.
  bool ContainAll(absl::string_view pattern) const { return ScopeOf(pattern) == Scope::kAll; }
  const std::vector<std::string>& patterns() const { return patterns_; }

 private:
  std::vector<std::string> patterns_;
  std::vector<Grant> of_roles_;
  bool is_bounded_ = false;
};

}  // namespace kith
