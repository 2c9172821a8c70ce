// The commands on messages: what each is decided on, and what it is answered with.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/status_macros.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/messages/v1/messages_service.pb.h"
#include "services/core/decision.h"
#include "services/messages/message.h"
#include "services/messages/message_engagement.h"
#include "services/messages/message_reader.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"

namespace kith::messages {

// Any thread, several at a time. See MethodTable::Command. Borrows the methods; the reader is
// shared with the reads.
class MessageCommands {
 public:
  MessageCommands(const runtime::MethodTable& methods, std::shared_ptr<const MessageReader> reader)
      : methods_(methods), reader_(std::move(reader)) {}

  Decision Run(runtime::Loader& load, const v1::SendMessageRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::SendMessageRequest& command,
                      v1::Message* response) const;

  Decision Run(runtime::Loader& load, const v1::RecordMessageSentRequest& command,
               const CommandContext&) const {
    return RunOf(load, command);
  }
  Decision Run(runtime::Loader& load, const v1::RecordMessageFailedRequest& command,
               const CommandContext&) const {
    return RunOf(load, command);
  }
  // In the same append the contact's address changes, by the contact's own command, where it is
  // for good. Where that is refused by a rule that the contact breaks as it is, it is left out.
  // ERROR_INVALID_FIELD where the status is none.
  Decision Run(runtime::Loader& load, const v1::RecordMessageBouncedRequest& command,
               const CommandContext& context) const;
  // In the same append the contact changes, by its own command, and every other that the caller
  // sees with the address (50 at most). Reads the address that the message went to from the disk.
  Decision Run(runtime::Loader& load, const v1::RecordMessageUnsubscribedRequest& command,
               const CommandContext& context) const;
  // Of all messages by which the address was unsubscribed, also of those that the caller does not
  // see, as it is the address that asks for more; kReleasedMax of them, and of contacts with the
  // last ones only.
  Decision Run(runtime::Loader& load, const v1::RecordMessageResubscribedRequest& command,
               const CommandContext& context) const;
  // Of those that are decided over the contact, too.
  template <class Command>
  Decision Run(runtime::Loader& load, const Command& command, const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const EngagementFacts facts, LoadFacts(load, command.name()));
    return Decide(facts, command, context);
  }

  // Of those that say what became of one; `Command` names it. The reply does not tell what it says.
  template <class Command>
  absl::Status Render(runtime::Rendering& after, const Command& command,
                      v1::Message* response) const {
    KITH_ASSIGN_OR_RETURN(const MessageState* state, after.Load<MessageAggregate>(command.name()));
    *response = state->resource;
    return absl::OkStatus();
  }
  absl::Status Render(runtime::Rendering& after,
                      const v1::RecordMessageResubscribedRequest& command,
                      v1::Message* response) const;

 private:
  template <class Command>
  Decision RunOf(runtime::Loader& load, const Command& command) const {
    const MessageState* state = nullptr;
    KITH_RETURN_IF_ERROR(LoadMessage(load, command.name(), &state));
    return Decide(*state, command);
  }
  static absl::Status CheckStatus(const v1::RecordMessageBouncedRequest& command);
  // MESSAGES_ERROR_MESSAGE_NOT_FOUND, also where the caller does not see the contact.
  static absl::Status LoadMessage(runtime::Loader& load, const std::string& name,
                                  const MessageState** state);
  static absl::StatusOr<EngagementFacts> LoadFacts(runtime::Loader& load, const std::string& name);

  static absl::StatusOr<std::vector<contacts::v1::UpdateContactRequest>> OptOutsOf(
      runtime::Loader& load, const ContactAggregate::State& contact,
      const v1::RecordMessageUnsubscribedRequest& command);
  // The contacts with this address that are there and that the caller sees; kHoldersMax at most.
  static absl::StatusOr<std::vector<const contacts::v1::Contact*>> HoldersOf(
      runtime::Loader& load, const std::string& email_key);
  // Decides changes of contacts, after what is assumed already, and takes all of it.
  Decision TakeWith(runtime::Loader& load,
                    const std::vector<contacts::v1::UpdateContactRequest>& updates,
                    const CommandContext& context) const;

  const runtime::MethodTable& methods_;
  const std::shared_ptr<const MessageReader> reader_;
};

}  // namespace kith::messages
