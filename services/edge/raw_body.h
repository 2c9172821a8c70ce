// Raw bodies: calls whose body is one field of the request as it is, and no message, for programs
// that hand on what they have and know no calls, as mail servers do. The reply is JSON.
//
//   POST /kith.received_mails.v1.ReceivedMailsService/ReceiveMail   content-type: message/rfc822
//
// Pure; any thread.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace kith::edge {

// The field that a body of this media type ("message/rfc822") is of the method's request; null
// where the method takes none.
const google::protobuf::FieldDescriptor* FindRawField(
    const google::protobuf::MethodDescriptor& method, absl::string_view media_type);

// How long the field may be.
size_t RawBytesMax(const google::protobuf::FieldDescriptor& field);
// How many more bytes the request has than its body.
inline constexpr size_t kRawSlack = 16;
// Makes of the body the bytes of a request that says nothing else.
std::string BytesOfRaw(const google::protobuf::FieldDescriptor& field, std::string body);

// EDGE_ERROR_CONTENT_TOO_LARGE.
absl::Status ContentTooLarge(size_t bytes_max);

}  // namespace kith::edge
