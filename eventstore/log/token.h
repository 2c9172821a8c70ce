// Token: a place in the log that a client keeps to resume, to ask as of, or to read its own writes.
// Opaque on the wire (base64url with a check value); a token of another store or of an abandoned
// future is refused.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"

namespace kith::eventstore {

struct Token {
  std::string store;  // 16 bytes
  uint64_t epoch = 0;
  Position position;
};

std::string EncodeToken(const Token& token);
// InvalidArgument when it is damaged or not a token.
absl::StatusOr<Token> DecodeToken(absl::string_view text);

}  // namespace kith::eventstore
