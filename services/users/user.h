// The user: somebody who works with Kith. Records keep the name of a deleted user as their owner.
//
// Pure: see services/core/decider.h. Its standard commands follow from its rules; ActivateUser and
// DeactivateUser are its own.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "kith/roles/v1/role.pb.h"
#include "kith/users/v1/user.pb.h"
#include "kith/users/v1/user_events.pb.h"
#include "kith/users/v1/users_service.pb.h"
#include "services/core/decision.h"
#include "services/core/resource_rules.h"

namespace kith::users {

struct UserState : ResourceState<v1::User> {};

struct UserAggregate {
  using Resource = v1::User;
  using State = UserState;
  using Event = v1::UserEvent;
  static constexpr absl::string_view kCategory = "users";
};

UserState Evolve(UserState state, const Recorded<v1::UserEvent>& recorded);

const ResourceRules& Rules();

// `admins` are the states of all who ever were administrators (kAdminClaim).
Decision Decide(const UserState& state, const v1::DeactivateUserRequest& command,
                const std::vector<const UserState*>& admins, const CommandContext& context);
// `roles` are those of the user's roles that are there: they are given anew to who comes back.
Decision Decide(const UserState& state, const v1::ActivateUserRequest& command,
                const std::vector<const roles::v1::Role*>& roles, const CommandContext& context);
Decision Decide(const UserState& state, const v1::SetNotificationPreferencesRequest& command,
                const CommandContext& context);

}  // namespace kith::users
