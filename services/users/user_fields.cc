#include "services/users/user_fields.h"

#include "eventstore/base/normalise.h"
#include "services/core/reject.h"

namespace kith::users {

absl::Status CheckFields(const v1::User& user) {
  google::rpc::BadRequest violations;
  AddRepeats("user.teams", user.teams(), violations);
  return RejectFields(violations);
}

std::vector<std::string> EmailKeys(const v1::User& user) {
  if (user.email().empty()) return {};
  return {EmailKey(user.email()).value_or(user.email())};
}

}  // namespace kith::users
