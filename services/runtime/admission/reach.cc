#include "services/runtime/admission/reach.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "kith/type/v1/errors.pb.h"

namespace kith::runtime {
namespace {

bool Contains(const std::vector<std::string>& sorted, absl::string_view name) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

void SortOnce(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace

bool Reach::Covers(absl::string_view owner) const {
  if (is_everything()) return true;
  switch (scope_) {
    case Scope::kNone:
      return false;
    case Scope::kOwn:
      return IsOwn(owner);
    default:
      return owner.empty() || IsOwn(owner) || Contains(member_->colleagues, owner) ||
             Contains(member_->teams, owner);
  }
}

bool Reach::IsOwn(absl::string_view owner) const {
  return owner == member_->user || Contains(member_->groups, owner);
}

std::vector<std::string> Reach::Owners() const {
  if (scope_ == Scope::kNone) return {};
  if (scope_ == Scope::kOwn) return {member_->user};
  std::vector<std::string> owners = member_->colleagues;
  owners.emplace_back();
  owners.push_back(member_->user);
  SortOnce(owners);
  return owners;
}

std::vector<std::string> Reach::OwnersAndTeams() const {
  std::vector<std::string> owners = Owners();
  if (scope_ == Scope::kNone) return owners;
  owners.insert(owners.end(), member_->groups.begin(), member_->groups.end());
  if (scope_ == Scope::kTeam) {
    owners.insert(owners.end(), member_->teams.begin(), member_->teams.end());
  }
  SortOnce(owners);
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
