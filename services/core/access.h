// Grants: what a caller may do, and with whose records. Plain values; pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "eventstore/base/error.h"

namespace kith {

// Whose records a permission reaches, from none to all. A permission to read what has no owner is
// granted by each but kNone; to change it, by kAll only.
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

// What roles give together: permissions, and the groups of fields that they let read, "MONEY".
struct RoleGrants {
  std::vector<Grant> permissions;
  std::vector<std::string> field_groups;

  void Add(RoleGrants other);
};

// What credentials grant: patterns, which reach all records; and where they belong to a user, no
// more than that user's roles, which also say what fields are read.
class Grants {
 public:
  Grants() = default;
  explicit Grants(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {}
  // Of a user's credentials.
  Grants(std::vector<std::string> patterns, RoleGrants of_roles)
      : patterns_(std::move(patterns)), of_roles_(std::move(of_roles)), is_bounded_(true) {}

  // Of `permission`, or of every one that a pattern matches, where one grant gives it.
  Scope ScopeOf(absl::string_view permission) const;
  bool Contain(absl::string_view permission) const { return ScopeOf(permission) != Scope::kNone; }
  // Whether all records are reached with every permission that `pattern` matches.
  bool ContainAll(absl::string_view pattern) const { return ScopeOf(pattern) == Scope::kAll; }
  // Whether the fields of the group are told.
  bool Show(absl::string_view field_group) const;
  const std::vector<std::string>& patterns() const { return patterns_; }

 private:
  std::vector<std::string> patterns_;
  RoleGrants of_roles_;
  bool is_bounded_ = false;
};

// What somebody cannot give to others: a permission, which they have less far, or a group of
// fields, which are hidden from them.
struct Excess {
  Grant grant;
  Scope own = Scope::kNone;
  std::string field_group;  // empty: it is the permission

  // Of what would give it: "it grants contacts.read with the scope all, and your own is none".
  std::string Why() const;
  // "permission", "scope" and "own_scope"; or "field_group".
  ErrorMetadata Metadata() const;
};

// The first of `wanted` that `own`, null for everything, do not give, or not as far.
std::optional<Excess> FirstBeyond(const RoleGrants& wanted, const Grants* own);

}  // namespace kith
