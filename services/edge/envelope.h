// Envelope: how a message of a stream stands in a body: a byte of flags, its length in four bytes,
// the largest first, and the message. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace kith::edge {

inline constexpr size_t kEnvelopeBytes = 5;  // before the message
inline constexpr uint8_t kCompressed = 1;
inline constexpr uint8_t kEndOfStream = 2;

struct Envelope {
  bool is_compressed = false;
  absl::string_view message;
};

// The one message of the body of a call that streams its replies. ERROR_INVALID_FIELD where the
// body is anything else.
absl::StatusOr<Envelope> OpenEnvelope(absl::string_view body);

std::string MakeEnvelope(uint8_t flags, absl::string_view message);

}  // namespace kith::edge
