// Token: a place in the log that a client keeps to resume, to ask as of, or to read its own writes.
// Opaque on the wire, and sealed: how far the log is tells how much others write. A token of
// another store or of an abandoned future is refused. In front of it may stand a number and a dot,
// which are for the client to read: `42.AkQx…`. FORMAT.md, section A token.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"
#include "eventstore/seal/token_sealer.h"

namespace kith::eventstore {

struct Token {
  uint64_t epoch = 0;
  Position position;
  // The number in front: the last event at or before the position in the workspace it was given to.
  // It follows from the position; a token is not believed in it.
  std::optional<Sequence> sequence = std::nullopt;
  // Of the first version only, which any store reads: whose it is, 16 bytes. Else empty.
  std::string store = {};
};

// In the newest version.
std::string SealToken(const TokenSealer& sealer, const Token& token);
// Of any version. InvalidArgument when it is damaged, no token, or sealed by another store.
absl::StatusOr<Token> OpenToken(const TokenSealer& sealer, absl::string_view text);

}  // namespace kith::eventstore
