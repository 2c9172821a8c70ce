#include "services/runtime/admission/reach.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "kith/type/v1/errors.pb.h"

namespace kith::runtime {

bool Reach::Covers(absl::string_view owner) const {
  if (is_everything()) return true;
  switch (scope_) {
    case Scope::kNone:
      return false;
    case Scope::kOwn:
      return owner == member_->user;
    default:
      return owner.empty() || owner == member_->user ||
             std::binary_search(member_->colleagues.begin(), member_->colleagues.end(), owner);
  }
}

std::vector<std::string> Reach::Owners() const {
  if (scope_ == Scope::kNone) return {};
  if (scope_ == Scope::kOwn) return {member_->user};
  std::vector<std::string> owners = member_->colleagues;
  owners.emplace_back();
  owners.push_back(member_->user);
  std::sort(owners.begin(), owners.end());
  owners.erase(std::unique(owners.begin(), owners.end()), owners.end());
  return owners;
}

absl::Status OutOfReach(absl::string_view permission, absl::string_view record) {
  return Error(
      type::v1::ERROR_PERMISSION_DENIED,
      absl::StrCat("The credentials grant ", permission,
                   " for fewer records than this is about: ", record, " is not among them."),
      {{"permission", std::string(permission)}, {"name", std::string(record)}});
}

absl::Status CheckReachesAll(const Caller& caller, absl::string_view permission) {
  const bool reads_all_fields =
      caller.member == nullptr || (caller.member->reads_personal && caller.member->reads_money);
  if (Reach(caller, permission).is_everything() && reads_all_fields) return absl::OkStatus();
  return Error(type::v1::ERROR_PERMISSION_DENIED,
               absl::StrCat("This tells of all records and all of their fields: it needs ",
                            permission, " for all of them, and the groups PERSONAL and MONEY."),
               {{"permission", std::string(permission)}});
}

}  // namespace kith::runtime
