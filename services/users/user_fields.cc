#include "services/users/user_fields.h"

#include "services/core/reject.h"

namespace kith::users {

absl::Status CheckFields(const v1::User& user) {
  google::rpc::BadRequest violations;
  AddRepeats("user.teams", user.teams(), violations);
  return RejectFields(violations);
}

}  // namespace kith::users
