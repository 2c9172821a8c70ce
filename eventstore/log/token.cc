#include "eventstore/log/token.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/check.h"
#include "eventstore/base/crc32c.h"

namespace kith::eventstore {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kStoreBytes = 16;
constexpr size_t kCheckBytes = 4;
constexpr size_t kTextBytesMax = 96;  // more than the longest token has

std::string Unpadded(absl::string_view bytes) {
  return absl::WebSafeBase64Escape(bytes);  // which leaves the padding out
}

absl::Status NotAToken() {
  return absl::InvalidArgumentError("Not a token of Kith, or a damaged one.");
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

}  // namespace

std::string EncodeToken(const Token& token) {
  KITH_CHECK(token.store.size() == kStoreBytes);
  std::string bytes;
  bytes.push_back(static_cast<char>(kVersion));
  bytes.append(token.store);
  AppendVarint(token.epoch, &bytes);
  AppendVarint(token.position.value(), &bytes);
  AppendFixed32(Crc32c(bytes), &bytes);
  std::string text = Unpadded(bytes);
  return token.sequence.has_value() ? Numbered(*token.sequence, text) : text;
}

absl::StatusOr<Token> DecodeToken(absl::string_view text) {
  std::string bytes;
  Token token;
  // The decoders forgive white space, padding and stray bits; a token has one spelling only.
  if (text.size() > kTextBytesMax || !TakeNumber(&text, &token.sequence) ||
      !absl::WebSafeBase64Unescape(text, &bytes) || Unpadded(bytes) != text ||
      bytes.size() < kCheckBytes) {
    return NotAToken();
  }
  const absl::string_view content = absl::string_view(bytes).substr(0, bytes.size() - kCheckBytes);
  if (Crc32c(content) != LoadFixed32(bytes.data() + content.size())) return NotAToken();

  ByteReader reader(content);
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
