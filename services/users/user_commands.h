// The commands on users: what each is decided on, and what it is answered with.
#pragma once

#include "google/protobuf/empty.pb.h"
#include "kith/users/v1/users_service.pb.h"
#include "services/runtime/loader.h"
#include "services/runtime/rendering.h"
#include "services/users/user.h"

namespace kith::users {

// Stateless; any thread, several at a time. See MethodTable::Command.
class UserCommands {
 public:
  Decision Run(runtime::Loader& load, const v1::CreateUserRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::UpdateUserRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::DeleteUserRequest& command,
               const CommandContext& context) const;

  absl::Status Render(runtime::Rendering& after, const v1::CreateUserRequest& command,
                      v1::User* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::UpdateUserRequest& command,
                      v1::User* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::DeleteUserRequest& command,
                      google::protobuf::Empty* response) const;
};

}  // namespace kith::users
