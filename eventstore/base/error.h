// Error: an absl::Status that says which error it is, in the words of a proto enum.
//
// Every failure a caller can meet is a value of a proto enum that declares its code in
// (kith.options.v1.error). The status carries, as a payload, what goes to the wire: a
// google.rpc.Status with ErrorInfo (reason: the value's name without the enum's prefix; domain: the
// proto package) and typed details. Usable in every layer; only
// services/runtime/requests/grpc_status.cc turns it into a gRPC status. Pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/generated_enum_reflection.h"
#include "google/protobuf/message.h"
#include "google/rpc/status.pb.h"

namespace kith {

// Every variable part of an error's message, once more for programs: {"expected", "3"}.
using ErrorMetadata = std::vector<std::pair<std::string, std::string>>;

// As Error below, for an enum known only by its descriptor. Aborts when `value` declares no code.
absl::Status ErrorOfValue(const google::protobuf::EnumValueDescriptor& value,
                          absl::string_view message, const ErrorMetadata& metadata,
                          const std::vector<const google::protobuf::Message*>& details);

// Error(CONTACTS_ERROR_EMAIL_TAKEN, "Another contact has this address.", {{"contact", name}},
// detail…): `message` is a plain sentence for people, safe to show to the caller; each type of
// detail occurs at most once.
template <class Enum, class... Details>
absl::Status Error(Enum value, absl::string_view message, const ErrorMetadata& metadata = {},
                   const Details&... details) {
  const auto* descriptor = google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(value);
  return ErrorOfValue(*descriptor, message, metadata, {&details...});
}

// The same error, with another message and more metadata; `error` was made by Error.
absl::Status Retold(const absl::Status& error, absl::string_view message,
                    const ErrorMetadata& metadata);

// What goes to the wire, or nullopt when the status is OK or was not made by Error.
std::optional<google::rpc::Status> WireError(const absl::Status& status);

// The status of which WireError is this, an error's that was changed on its way.
absl::Status ErrorOfWire(const google::rpc::Status& wire);

// True when `status` is the error that `value` names.
bool IsErrorOfValue(const absl::Status& status, const google::protobuf::EnumValueDescriptor& value);
template <class Enum>
bool IsError(const absl::Status& status, Enum value) {
  return IsErrorOfValue(status,
                        *google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(value));
}

// The value's name without its enum's prefix: "EMAIL_TAKEN".
std::string ReasonOf(const google::protobuf::EnumValueDescriptor& value);

}  // namespace kith
