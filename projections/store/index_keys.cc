#include "projections/store/index_keys.h"

#include "eventstore/base/bytes.h"
#include "projections/store/key_codec.h"

namespace kith::projections {
namespace {

constexpr char kClosed = 3;  // persisted, beside the kinds
// So many bytes longer than its entry a key of what was is as a rule.
constexpr size_t kEscapesUsual = 40;

std::string Marked(char marker, absl::string_view rest) {
  std::string key;
  key.reserve(rest.size() + 1);
  key.push_back(marker);
  key.append(rest.data(), rest.size());
  return key;
}

KeyRange Within(char marker, const KeyRange& keys) {
  return {Marked(marker, keys.from),
          keys.to.empty() ? std::string(1, static_cast<char>(marker + 1)) : Marked(marker, keys.to),
          keys.direction};
}

}  // namespace

std::string LiveKey(IndexKind kind, absl::string_view entry) {
  return Marked(static_cast<char>(kind), entry);
}

std::string ClosedKey(absl::string_view entry, Position to) {
  std::string key;
  key.reserve(entry.size() + kEscapesUsual);
  key.push_back(kClosed);
  AppendStringKey(entry, &key);
  AppendUnsignedKey(to.value(), &key);
  return key;
}

std::string FromValue(Position from) {
  std::string value;
  AppendVarint(from.value(), &value);
  return value;
}

KeyRange LiveKeys(IndexKind kind, const KeyRange& entries) {
  return Within(static_cast<char>(kind), entries);
}

KeyRange ClosedKeys(const KeyRange& entries) {
  return Within(kClosed,
                {StringKeyPrefix(entries.from), StringKeyPrefix(entries.to), entries.direction});
}

KeyRange SpanKeys() {
  return {std::string(1, static_cast<char>(IndexKind::kVersioned)), std::string(1, kClosed + 1)};
}

absl::string_view EncodedEntryOf(absl::string_view closed_key) {
  return closed_key.substr(1, closed_key.size() - 1 - sizeof(uint64_t));
}

bool ParseMoments(absl::string_view key, absl::string_view value, IndexSpan* span) {
  ByteReader reader(value);
  uint64_t from = 0;
  if (key.empty() || !reader.ReadVarint(&from) || !reader.done()) return false;
  span->from = Position(from);
  span->to = std::nullopt;
  span->kind = static_cast<IndexKind>(key[0]);
  if (key[0] != kClosed) return true;
  span->kind = IndexKind::kVersioned;
  uint64_t to = 0;
  if (key.size() <= sizeof(to)) return false;
  key.remove_prefix(key.size() - sizeof(to));
  if (!TakeUnsignedKey(&key, &to)) return false;
  span->to = Position(to);
  return true;
}

bool ParseEntry(absl::string_view key, std::string* buffer, IndexSpan* span) {
  key.remove_prefix(1);
  span->entry = key;
  if (!span->to.has_value()) return true;
  if (!TakeStringKey(&key, buffer) || key.size() != sizeof(uint64_t)) return false;
  span->entry = *buffer;
  return true;
}

}  // namespace kith::projections
