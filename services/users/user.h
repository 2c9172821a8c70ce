// The user aggregate: somebody who works with Kith. State, decisions, fold.
//
// Pure: see services/core/decider.h. Records keep the name of a deleted user as their owner.
#pragma once

#include "absl/strings/string_view.h"
#include "kith/users/v1/user.pb.h"
#include "kith/users/v1/user_events.pb.h"
#include "kith/users/v1/users_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/lifecycle.h"
#include "services/core/links.h"

namespace kith::users {

struct UserState {
  v1::User user;  // as GetUser answers it; as it was last, also after it was deleted
  Lifecycle lifecycle = Lifecycle::kAbsent;
};

struct UserAggregate {
  using State = UserState;
  using Event = v1::UserEvent;
  static constexpr absl::string_view kCategory = "users";
};

// The user that a command makes the manager of another.
Links NewLinks(const v1::CreateUserRequest& command);
Links NewLinks(const UserState& state, const v1::UpdateUserRequest& command);

// `linked` are the states of the records that NewLinks name.
Decision Decide(LinkedRecords linked, const v1::CreateUserRequest& command,
                const CommandContext& context);
Decision Decide(const UserState& state, LinkedRecords linked, const v1::UpdateUserRequest& command,
                const CommandContext& context);
Decision Decide(const UserState& state, const v1::DeleteUserRequest& command,
                const CommandContext& context);

// The same for a user that never was and for one that was deleted.
absl::Status UserNotFound(absl::string_view name);

UserState Evolve(UserState state, const Recorded<v1::UserEvent>& recorded);

}  // namespace kith::users
