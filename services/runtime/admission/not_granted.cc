#include "services/runtime/admission/not_granted.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "kith/type/v1/errors.pb.h"

namespace kith::runtime {

absl::Status NotGranted(const Grants& grants, absl::string_view user,
                        absl::string_view permission) {
  const bool roles_lack_it = !user.empty() && Grants(grants.patterns()).Contain(permission);
  if (!roles_lack_it) {
    return Error(type::v1::ERROR_PERMISSION_DENIED,
                 absl::StrCat("The credentials do not grant ", permission, "."),
                 {{"permission", std::string(permission)}});
  }
  return Error(type::v1::ERROR_PERMISSION_DENIED,
               absl::StrCat("None of the roles of ", user, " grants ", permission, "."),
               {{"permission", std::string(permission)}, {"user", std::string(user)}});
}

absl::Status NotGranted(const Caller& caller, absl::string_view permission) {
  return NotGranted(caller.grants, caller.member == nullptr ? "" : caller.member->user, permission);
}

}  // namespace kith::runtime
