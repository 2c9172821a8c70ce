// Reach: whose records a permission lets a caller see or change. Plain values; any thread.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/runtime/admission/authorizer.h"

namespace kith::runtime {

// Borrows the caller. Credentials that are no user's have no teams and no records of their own:
// what they are granted reaches everything.
class Reach {
 public:
  Reach(const Caller& caller, absl::string_view permission)
      : member_(caller.member.get()),
        scope_(member_ == nullptr ? Scope::kAll : caller.grants.ScopeOf(permission)) {}
  // What both permissions have.
  Reach(const Caller& caller, absl::string_view permission, absl::string_view other)
      : Reach(caller, permission) {
    scope_ = std::min(scope_, Reach(caller, other).scope_);
  }

  bool is_everything() const { return member_ == nullptr || scope_ == Scope::kAll; }
  // Whether it has the records of this owner, a user or a team; "" for nobody's.
  bool Covers(absl::string_view owner) const;
  // Whose records it has of those that users own, sorted, "" for nobody's; not where it is
  // everything.
  std::vector<std::string> Owners() const;
  // The same of those that users or teams own.
  std::vector<std::string> OwnersAndTeams() const;

 private:
  // The user's, or that of a team which they are in, or in a part of.
  bool IsOwn(absl::string_view owner) const;

  const Member* member_;
  Scope scope_;
};

// ERROR_PERMISSION_DENIED: the caller sees the record, but does not have the permission for it.
absl::Status OutOfReach(absl::string_view permission, absl::string_view record);

// For what tells of all records at once: ERROR_PERMISSION_DENIED where the permission does not
// reach them all, or some of their fields are hidden from the caller.
absl::Status CheckReachesAll(const Caller& caller, absl::string_view permission);

}  // namespace kith::runtime
