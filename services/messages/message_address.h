// Message addresses: where the image, the links and the way to unsubscribe of a message that was
// sent lead to: paths of the HTTP port, below the server's public address. Each names its message,
// sealed (services/runtime/calls/public_name.h). Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "eventstore/seal/token_sealer.h"
#include "services/runtime/calls/public_name.h"

namespace kith::messages {

// All of them begin so.
inline constexpr absl::string_view kPagesPrefix = "/m/";

enum class AddressKind {
  kOpen,         // the image that tells that the message was opened
  kClick,        // a link in it
  kUnsubscribe,  // the way to unsubscribe
};

struct MessageAddress {
  AddressKind kind;
  runtime::PublicName message;  // "contacts/01J…/messages/01J…"
  int link = 0;                 // of kClick: its place among the message's links
};

// "/m/c/3q2-…".
std::string PathOf(const eventstore::TokenSealer& sealer, const MessageAddress& address);
// Nullopt for a path that PathOf did not give.
std::optional<MessageAddress> AddressOfPath(const eventstore::TokenSealer& sealer,
                                            absl::string_view path);

}  // namespace kith::messages
