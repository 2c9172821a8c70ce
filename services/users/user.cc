#include "services/users/user.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/users/v1/users_errors.pb.h"
#include "services/core/reject.h"
#include "services/core/resource_events.h"
#include "services/core/update_mask.h"

namespace kith::users {
namespace {

absl::Status CheckManager(const Links& links, LinkedRecords linked) {
  return CheckLinks(v1::USERS_ERROR_LINKED_RECORD_NOT_FOUND, links, linked);
}

// The update of a user that is there.
Decision Update(const UserState& state, LinkedRecords linked,
                const v1::UpdateUserRequest& command) {
  const v1::User& before = state.user;
  KITH_ASSIGN_OR_RETURN(const auto changed,
                        ChangedFields(before, command.user(), command.update_mask()));
  if (changed.paths().empty()) return NoChange();
  KITH_RETURN_IF_ERROR(CheckManager(NewLinks(state, command), linked));
  v1::User after = before;
  ApplyFields(command.user(), changed, &after);
  return Changes().Append(after.name(), UpdatedEvent<v1::UserEvent>(after, changed));
}

}  // namespace

absl::Status UserNotFound(absl::string_view name) {
  return RejectResource(v1::USERS_ERROR_USER_NOT_FOUND,
                        "No such user, or it was deleted. Check the name.", name);
}

Links NewLinks(const v1::CreateUserRequest& command) {
  if (command.user().manager().empty()) return {};
  return {{"user.manager", command.user().manager()}};
}

Links NewLinks(const UserState& state, const v1::UpdateUserRequest& command) {
  const std::string& manager = command.user().manager();
  const bool named = state.lifecycle == Lifecycle::kActive &&
                     Means(command.update_mask(), "manager") && !manager.empty() &&
                     manager != state.user.manager();
  return named ? Links{{"user.manager", manager}} : Links();
}

Decision Decide(LinkedRecords linked, const v1::CreateUserRequest& command,
                const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckManager(NewLinks(command), linked));
  v1::User user = command.user();
  ClearOutputOnly(&user);
  user.clear_etag();
  const std::string name = absl::StrCat("users/", context.ids.Next());
  return Changes().Append(name, CreatedEvent<v1::UserEvent>(name, std::move(user)));
}

Decision Decide(const UserState& state, LinkedRecords linked, const v1::UpdateUserRequest& command,
                const CommandContext&) {
  switch (state.lifecycle) {
    case Lifecycle::kAbsent:
    case Lifecycle::kDeleted:
      return UserNotFound(command.user().name());
    case Lifecycle::kActive:
      KITH_RETURN_IF_ERROR(CheckEtag(command.user().etag(), state.user.etag()));
      return Update(state, linked, command);
  }
  KITH_UNREACHABLE();
}

Decision Decide(const UserState& state, const v1::DeleteUserRequest& command,
                const CommandContext&) {
  switch (state.lifecycle) {
    case Lifecycle::kAbsent:
      return UserNotFound(command.name());
    case Lifecycle::kDeleted:
      return NoChange();
    case Lifecycle::kActive:
      KITH_RETURN_IF_ERROR(CheckEtag(command.etag(), state.user.etag()));
      return Changes().Append(command.name(), DeletedEvent<v1::UserEvent>(state.user));
  }
  KITH_UNREACHABLE();
}

UserState Evolve(UserState state, const Recorded<v1::UserEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.user);
  return state;
}

}  // namespace kith::users
