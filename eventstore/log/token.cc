#include "eventstore/log/token.h"

#include <array>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/check.h"
#include "eventstore/base/crc32c.h"

namespace kith::eventstore {
namespace {

// What a sealed text is bound to: persisted with clients.
constexpr char kBound[] = "position";
constexpr uint8_t kFirstVersion = 1;
constexpr size_t kStoreBytes = 16;
constexpr size_t kCheckBytes = 4;
constexpr size_t kTextBytesMax = 96;  // more than the longest token has

absl::Status NotAToken() {
  return absl::InvalidArgumentError(
      "Not a token of Kith, or a damaged one, or one of another store.");
}

std::string Numbered(Sequence sequence, absl::string_view token) {
  return absl::StrCat(sequence.value(), ".", token);
}

// Takes the number off the front of `text`, where there is one; false when it is none.
bool TakeNumber(absl::string_view* text, std::optional<Sequence>* sequence) {
  const size_t dot = text->find('.');
  if (dot == absl::string_view::npos) return true;
  uint64_t number = 0;
  const absl::string_view whole = *text;
  if (!absl::SimpleAtoi(whole.substr(0, dot), &number)) return false;
  *text = whole.substr(dot + 1);
  *sequence = Sequence(number);
  return Numbered(Sequence(number), *text) == whole;
}

// What the sealed text holds.
bool ReadSealed(absl::string_view bytes, Token* token) {
  uint64_t position = 0;
  ByteReader reader(bytes);
  std::array<uint8_t, sizeof position> fixed;
  if (!reader.ReadInto(fixed.data(), fixed.size()) || !reader.ReadVarint(&token->epoch)) {
    return false;
  }
  token->position = Position(LoadFixed64(fixed.data()));
  return reader.done();
}

// A token of the first version, in clear with a checksum.
bool ReadFirstVersion(absl::string_view text, Token* token) {
  std::string bytes;
  // The decoder forgives white space, padding and stray bits; a token has one spelling only.
  if (!absl::WebSafeBase64Unescape(text, &bytes) || absl::WebSafeBase64Escape(bytes) != text ||
      bytes.size() < kCheckBytes) {
    return false;
  }
  const absl::string_view content = absl::string_view(bytes).substr(0, bytes.size() - kCheckBytes);
  if (Crc32c(content) != LoadFixed32(bytes.data() + content.size())) return false;
  ByteReader reader(content);
  token->store.resize(kStoreBytes);
  uint8_t version = 0;
  uint64_t position = 0;
  if (!reader.ReadByte(&version) || version != kFirstVersion ||
      !reader.ReadInto(token->store.data(), kStoreBytes) || !reader.ReadVarint(&token->epoch) ||
      !reader.ReadVarint(&position)) {
    return false;
  }
  token->position = Position(position);
  return reader.done();
}

}  // namespace

std::string SealToken(const TokenSealer& sealer, const Token& token) {
  KITH_CHECK(token.store.empty());
  // Of one length for all positions, which would show through otherwise.
  std::string bytes;
  AppendFixed64(token.position.value(), &bytes);
  AppendVarint(token.epoch, &bytes);
  std::string text = sealer.Seal(kBound, bytes);
  return token.sequence.has_value() ? Numbered(*token.sequence, text) : text;
}

absl::StatusOr<Token> OpenToken(const TokenSealer& sealer, absl::string_view text) {
  Token token;
  if (text.size() > kTextBytesMax || !TakeNumber(&text, &token.sequence)) return NotAToken();
  const std::optional<std::string> sealed = sealer.Open(kBound, text);
  const bool read =
      sealed.has_value() ? ReadSealed(*sealed, &token) : ReadFirstVersion(text, &token);
  if (!read) return NotAToken();
  return token;
}

}  // namespace kith::eventstore
