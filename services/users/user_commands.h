// The commands on users that are more than the standard: what each is decided on, and what it is
// answered with.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kith/users/v1/users_service.pb.h"
#include "services/core/decision.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"
#include "services/runtime/runtime.h"

namespace kith::users {

// USERS_ERROR_OWNS_RECORDS: the user cannot go while they are the owner of these records, at least,
// or of some that the caller does not see.
absl::Status OwnsRecords(absl::string_view name, const std::vector<std::string>& records,
                         bool are_some_hidden);

// Thread-safe. See MethodTable::Command.
class UserCommands {
 public:
  // Borrows the runtime.
  explicit UserCommands(const runtime::Runtime& runtime) : runtime_(runtime) {}

  Decision Run(runtime::Loader& load, const v1::DeactivateUserRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::ActivateUserRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::BatchChangeOwnerRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::SetNotificationPreferencesRequest& command,
               const CommandContext& context) const;

  template <class Command>
  absl::Status Render(runtime::Rendering& after, const Command& command, v1::User* response) const {
    return RenderUser(after, command.name(), response);
  }
  absl::Status Render(runtime::Rendering& after, const v1::BatchChangeOwnerRequest& command,
                      v1::BatchChangeOwnerResponse* response) const;

 private:
  static absl::Status RenderUser(runtime::Rendering& after, const std::string& name,
                                 v1::User* response);

  const runtime::Runtime& runtime_;
};

}  // namespace kith::users
