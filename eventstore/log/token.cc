#include "eventstore/log/token.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/check.h"
#include "eventstore/base/crc32c.h"

namespace kith::eventstore {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kStoreBytes = 16;
constexpr size_t kCheckBytes = 4;
constexpr size_t kTextBytesMax = 64;  // more than the longest token has

std::string Unpadded(absl::string_view bytes) {
  return absl::WebSafeBase64Escape(bytes);  // which leaves the padding out
}

absl::Status NotAToken() {
  return absl::InvalidArgumentError("Not a token of Kith, or a damaged one.");
}

}  // namespace

std::string EncodeToken(const Token& token) {
  KITH_CHECK(token.store.size() == kStoreBytes);
  std::string bytes;
  bytes.push_back(static_cast<char>(kVersion));
  bytes.append(token.store);
  AppendVarint(token.epoch, &bytes);
  AppendVarint(token.position.value(), &bytes);
  AppendFixed32(Crc32c(bytes), &bytes);
  return Unpadded(bytes);
}

absl::StatusOr<Token> DecodeToken(absl::string_view text) {
  std::string bytes;
  // The decoder forgives white space, padding and stray bits; a token has one spelling only.
  if (text.size() > kTextBytesMax || !absl::WebSafeBase64Unescape(text, &bytes) ||
      Unpadded(bytes) != text || bytes.size() < kCheckBytes) {
    return NotAToken();
  }
  const absl::string_view content = absl::string_view(bytes).substr(0, bytes.size() - kCheckBytes);
  if (Crc32c(content) != LoadFixed32(bytes.data() + content.size())) return NotAToken();

  ByteReader reader(content);
  Token token;
  token.store.resize(kStoreBytes);
  uint8_t version;
  uint64_t position;
  if (!reader.ReadByte(&version) || version != kVersion ||
      !reader.ReadInto(token.store.data(), kStoreBytes) || !reader.ReadVarint(&token.epoch) ||
      !reader.ReadVarint(&position) || !reader.done()) {
    return NotAToken();
  }
  token.position = Position(position);
  return token;
}

}  // namespace kith::eventstore
