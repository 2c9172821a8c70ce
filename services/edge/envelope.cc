#include "services/edge/envelope.h"

#include "absl/strings/str_cat.h"
#include "services/runtime/requests/validate.h"

namespace kith::edge {

absl::StatusOr<Envelope> OpenEnvelope(absl::string_view body) {
  if (body.size() < kEnvelopeBytes) {
    return runtime::ViolationError("", "the body ends before its message does");
  }
  size_t size = 0;
  for (size_t i = 1; i < kEnvelopeBytes; ++i) {
    size = size << 8 | static_cast<unsigned char>(body[i]);
  }
  const auto flags = static_cast<uint8_t>(body[0]);
  if ((flags & ~kCompressed) != 0) {
    return runtime::ViolationError("",
                                   absl::StrCat("the message has flags that are none: ", flags));
  }
  const absl::string_view message = body.substr(kEnvelopeBytes);
  if (message.size() < size) {
    return runtime::ViolationError("", absl::StrCat("the message has ", size, " bytes, and ",
                                                    message.size(), " of them are there"));
  }
  if (message.size() > size) {
    return runtime::ViolationError("", "something follows the message, and there is only one");
  }
  return Envelope{flags == kCompressed, message};
}

std::string MakeEnvelope(uint8_t flags, absl::string_view message) {
  std::string envelope;
  envelope.reserve(kEnvelopeBytes + message.size());
  envelope.push_back(static_cast<char>(flags));
  for (int shift = 24; shift >= 0; shift -= 8) {
    envelope.push_back(static_cast<char>(message.size() >> shift & 0xff));
  }
  absl::StrAppend(&envelope, message);
  return envelope;
}

}  // namespace kith::edge
