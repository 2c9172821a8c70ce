#include "services/users/user.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "google/protobuf/util/message_differencer.h"
#include "kith/users/v1/users_errors.pb.h"
#include "projections/users/user_fold.h"
#include "services/core/reject.h"
#include "services/core/resource_events.h"
#include "services/users/user_fields.h"

namespace kith::users {
namespace {

absl::Status CheckUser(const UserState& state, absl::string_view name, absl::string_view etag) {
  if (state.lifecycle != Lifecycle::kActive) return ResourceNotFound(Rules(), name);
  return CheckEtag(etag, state.resource.etag());
}

// What the standard events say of an update, with what is claimed or given up by it.
Decision BecomesOf(const v1::User& user, v1::UserState state) {
  v1::User after = user;
  after.set_state(state);
  google::protobuf::FieldMask changed;
  changed.add_paths("state");
  std::vector<Claim> claims;
  if (AdminKeys(user) != AdminKeys(after)) {
    claims.push_back({std::string(kAdminClaim), std::string(kAdminRole)});
  }
  return Changes().Append(user.name(), UpdatedEvent<v1::UserEvent>(after, changed),
                          std::move(claims));
}

}  // namespace

UserState Evolve(UserState state, const Recorded<v1::UserEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource, FoldUser);
  return state;
}

Decision Decide(const UserState& state, const v1::DeactivateUserRequest& command,
                const std::vector<const UserState*>& admins, const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckUser(state, command.name(), command.etag()));
  if (state.resource.state() == v1::INACTIVE) return NoChange();
  const bool others = std::any_of(admins.begin(), admins.end(), [&](const UserState* other) {
    return other->lifecycle == Lifecycle::kActive && other->resource.name() != command.name() &&
           !AdminKeys(other->resource).empty();
  });
  if (!AdminKeys(state.resource).empty() && !others) return LastAdmin(command.name());
  return BecomesOf(state.resource, v1::INACTIVE);
}

Decision Decide(const UserState& state, const v1::ActivateUserRequest& command,
                const std::vector<const roles::v1::Role*>& roles, const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckUser(state, command.name(), command.etag()));
  if (state.resource.state() == v1::ACTIVE) return NoChange();
  for (const roles::v1::Role* const role : roles) {
    KITH_RETURN_IF_ERROR(MayGive(*role, "name", context.grants));
  }
  return BecomesOf(state.resource, v1::ACTIVE);
}

Decision Decide(const UserState& state, const v1::SetNotificationPreferencesRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckUser(state, command.name(), command.etag()));
  v1::User after = state.resource;
  after.clear_notification_preferences();
  if (command.has_notification_preferences()) {
    *after.mutable_notification_preferences() = command.notification_preferences();
  }
  google::rpc::BadRequest violations;
  CheckPreferences(after.notification_preferences(), "", violations);
  KITH_RETURN_IF_ERROR(RejectFields(violations));
  if (google::protobuf::util::MessageDifferencer::Equals(state.resource, after)) return NoChange();
  google::protobuf::FieldMask changed;
  changed.add_paths("notification_preferences");
  return Changes().Append(after.name(), UpdatedEvent<v1::UserEvent>(after, changed));
}

}  // namespace kith::users
