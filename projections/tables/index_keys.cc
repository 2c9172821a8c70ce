#include "projections/tables/index_keys.h"

#include "eventstore/base/bytes.h"
#include "projections/tables/key_codec.h"

namespace kith::projections {
namespace {

constexpr char kClosed = 3;  // persisted, beside the kinds

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
  std::string key(1, kClosed);
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

bool ParseSpan(absl::string_view key, absl::string_view value, std::string* buffer,
               IndexSpan* span) {
  ByteReader reader(value);
  uint64_t from = 0;
  if (key.empty() || !reader.ReadVarint(&from) || !reader.done()) return false;
  span->from = Position(from);
  const char marker = key[0];
  key.remove_prefix(1);
  if (marker != kClosed) {
    span->kind = static_cast<IndexKind>(marker);
    span->entry = key;
    span->to = std::nullopt;
    return true;
  }
  uint64_t to = 0;
  if (!TakeStringKey(&key, buffer) || !TakeUnsignedKey(&key, &to) || !key.empty()) return false;
  span->kind = IndexKind::kVersioned;
  span->entry = *buffer;
  span->to = Position(to);
  return true;
}

}  // namespace kith::projections
