// MessageReader: tells messages: what became of them as a view has it, and what they say as the log
// does, where it is gone when the person is erased.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/event_registry.h"
#include "eventstore/seal/key_store.h"
#include "kith/messages/v1/message.pb.h"
#include "kith/messages/v1/messages_service.pb.h"
#include "services/runtime/calls/read_call.h"
#include "services/runtime/runtime.h"

namespace kith::messages {

// Any thread that may touch the disk. Borrows what it is made of.
class MessageReader {
 public:
  explicit MessageReader(const runtime::Runtime& runtime)
      : log_(runtime.log),
        registry_(runtime.registry),
        keys_(runtime.keys),
        runtime_(runtime),
        contacts_(runtime.views.Find("contact_directory")) {}

  // The message with what it says, as it was queued; nullopt where there is none.
  absl::StatusOr<std::optional<v1::Message>> ReadQueued(WorkspaceId workspace,
                                                        absl::string_view name) const;

  // MESSAGES_ERROR_MESSAGE_NOT_FOUND, also where the caller does not see the contact.
  absl::Status Get(const runtime::ReadContext& context, const v1::GetMessageRequest& request,
                   v1::Message* response) const;
  // Those to all names of the contact: its own, and those of what was merged into it.
  // MESSAGES_ERROR_LINKED_RECORD_NOT_FOUND where the caller does not see the contact;
  // ERROR_INVALID_FIELD where they name none and do not see all; ERROR_INVALID_PAGE_TOKEN,
  // ERROR_INVALID_FILTER.
  absl::Status List(const runtime::ReadContext& context, const v1::ListMessagesRequest& request,
                    v1::ListMessagesResponse* response) const;
  // The views that a list of messages to the contact is read with.
  runtime::ReadViews ViewsFor(absl::string_view contact) const {
    return contact.empty() ? runtime::ReadViews() : runtime::ReadViews{&contacts_};
  }

 private:
  const eventstore::EventLog& log_;
  const eventstore::EventRegistry& registry_;
  const eventstore::KeyStore& keys_;
  const runtime::Runtime& runtime_;
  projections::View& contacts_;
};

// "messages.read".
const std::string& ReadPermission();

}  // namespace kith::messages
