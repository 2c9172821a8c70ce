// Codec: messages as the bytes that a call over HTTP has: protobuf's own, or its JSON with the
// fields named as on the wire. Both names of a field are taken. Pure; any thread.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace kith::edge {

enum class Encoding { kProto, kJson };

// "proto", "json".
absl::string_view NameOf(Encoding encoding);

// Makes protobuf's bytes of a message of this type out of its JSON. ERROR_INVALID_FIELD, naming the
// field that is unknown or has no such value, the null that stands in a list, or the place where
// the text is no JSON.
absl::StatusOr<std::string> BytesOfJson(const google::protobuf::Descriptor& type,
                                        absl::string_view json);

// Appends the message to `bytes`. Internal where it holds what cannot be told as JSON.
absl::Status Append(const google::protobuf::Message& message, Encoding encoding,
                    std::string* bytes);

}  // namespace kith::edge
