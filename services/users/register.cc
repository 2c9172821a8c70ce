// Everything that users bring to a server.
#include <memory>

#include "kith/users/v1/users_errors.pb.h"
#include "kith/users/v1/users_service.pb.h"
#include "projections/users/user_directory.h"
#include "services/core/reject.h"
#include "services/runtime/server_builder.h"
#include "services/users/user.h"
#include "services/users/user_fields.h"

namespace kith::users {
namespace {

absl::Status EmailTaken(const v1::User& holder, size_t) {
  return RejectTaken(v1::USERS_ERROR_EMAIL_TAKEN, "Another user has this e-mail address.", "user",
                     holder.name(), "user.email");
}

}  // namespace

const ResourceRules& Rules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<UserAggregate>()
                             .NotFound(v1::USERS_ERROR_USER_NOT_FOUND)
                             .LinkNotFound(v1::USERS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .Check(CheckFields)
                             .UniqueClaim(kEmailClaim, EmailKeys, IsAlwaysUnique, EmailTaken)
                             .Build());
  return rules;
}

void Register(runtime::ServerBuilder& server) {
  server.AddResource<UserAggregate, v1::GetUserRequest>(Rules(), std::make_unique<UserDirectory>());
}

}  // namespace kith::users
