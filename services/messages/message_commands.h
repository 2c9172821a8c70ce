// The commands on messages: what each is decided on, and what it is answered with.
#pragma once

#include "absl/status/status.h"
#include "eventstore/base/status_macros.h"
#include "kith/messages/v1/messages_service.pb.h"
#include "services/core/decision.h"
#include "services/messages/message.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"

namespace kith::messages {

// Any thread, several at a time. See MethodTable::Command.
class MessageCommands {
 public:
  Decision Run(runtime::Loader& load, const v1::SendMessageRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::SendMessageRequest& command,
                      v1::Message* response) const;

  // Of those that say what became of one; `Command` names it. The reply does not tell what it says.
  template <class Command>
  Decision Run(runtime::Loader& load, const Command& command, const CommandContext&) const {
    const MessageState* state = nullptr;
    KITH_RETURN_IF_ERROR(LoadMessage(load, command.name(), &state));
    return Decide(*state, command);
  }
  template <class Command>
  absl::Status Render(runtime::Rendering& after, const Command& command,
                      v1::Message* response) const {
    KITH_ASSIGN_OR_RETURN(const MessageState* state, after.Load<MessageAggregate>(command.name()));
    *response = state->resource;
    return absl::OkStatus();
  }

 private:
  // MESSAGES_ERROR_MESSAGE_NOT_FOUND, also where the caller does not see the contact.
  static absl::Status LoadMessage(runtime::Loader& load, const std::string& name,
                                  const MessageState** state);
};

}  // namespace kith::messages
