// Token: a place in the log that a client keeps to resume, to ask as of, or to read its own writes.
// Opaque on the wire (base64url with a check value); a token of another store or of an abandoned
// future is refused. In front of it may stand a number and a dot, which are for the client to read:
// `42.ATAx…`. FORMAT.md, section A token.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"

namespace kith::eventstore {

struct Token {
  std::string store;  // 16 bytes
  uint64_t epoch = 0;
  Position position;
  // The number in front: the last event at or before the position in the workspace it was given to.
  // It follows from the position; a token is not believed in it.
  std::optional<Sequence> sequence;
};

std::string EncodeToken(const Token& token);
// InvalidArgument when it is damaged or not a token.
absl::StatusOr<Token> DecodeToken(absl::string_view text);

}  // namespace kith::eventstore
