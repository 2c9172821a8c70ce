#include "services/users/user_commands.h"

#include "eventstore/base/status_macros.h"
#include "services/runtime/linked_records.h"

namespace kith::users {
namespace {

struct LinkedUser : LinkedAggregate<v1::User, v1::UserEvent> {
  static constexpr absl::string_view kCategory = "users";
};

}  // namespace

Decision UserCommands::Run(runtime::Loader& load, const v1::CreateUserRequest& command,
                           const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const auto linked,
                        runtime::LoadLinkedRecords<LinkedUser>(load, NewLinks(command)));
  KITH_ASSIGN_OR_RETURN(Changes changes, Decide(linked, command, context));
  load.ExpectAbsent(changes.list().front().stream);
  return changes;
}

Decision UserCommands::Run(runtime::Loader& load, const v1::UpdateUserRequest& command,
                           const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const UserState* state, load.Load<UserAggregate>(command.user().name()));
  KITH_ASSIGN_OR_RETURN(const auto linked, runtime::LoadLinkedRecords<LinkedUser>(
                                               load, NewLinks(*state, command)));
  return Decide(*state, linked, command, context);
}

Decision UserCommands::Run(runtime::Loader& load, const v1::DeleteUserRequest& command,
                           const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const UserState* state, load.Load<UserAggregate>(command.name()));
  return Decide(*state, command, context);
}

absl::Status UserCommands::Render(runtime::Rendering& after, const v1::CreateUserRequest&,
                                  v1::User* response) const {
  KITH_ASSIGN_OR_RETURN(const UserState* state, after.LoadWritten<UserAggregate>());
  *response = state->user;
  return absl::OkStatus();
}

absl::Status UserCommands::Render(runtime::Rendering& after, const v1::UpdateUserRequest& command,
                                  v1::User* response) const {
  KITH_ASSIGN_OR_RETURN(const UserState* state, after.Load<UserAggregate>(command.user().name()));
  *response = state->user;
  return absl::OkStatus();
}

absl::Status UserCommands::Render(runtime::Rendering&, const v1::DeleteUserRequest&,
                                  google::protobuf::Empty*) const {
  return absl::OkStatus();
}

}  // namespace kith::users
