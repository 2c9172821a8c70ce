#include "eventstore/base/bytes.h"

#include <limits>

namespace kith {
namespace {

constexpr int kVarintBytesMax = 10;

template <class Integer>
Integer Load(const void* bytes) {
  const auto* p = static_cast<const unsigned char*>(bytes);
  Integer value = 0;
  for (size_t i = sizeof value; i-- > 0;) value = value << 8 | p[i];
  return value;
}

template <class Integer>
void Store(Integer value, void* bytes) {
  auto* p = static_cast<unsigned char*>(bytes);
  for (size_t i = 0; i < sizeof value; ++i, value >>= 8) p[i] = static_cast<unsigned char>(value);
}

}  // namespace

void AppendVarint(uint64_t value, std::string* out) {
  char bytes[kVarintBytesMax];
  size_t size = 0;
  for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<char>(value | 0x80);
  bytes[size++] = static_cast<char>(value);
  out->append(bytes, size);
}

void AppendFixed32(uint32_t value, std::string* out) {
  char bytes[sizeof value];
  Store(value, bytes);
  out->append(bytes, sizeof bytes);
}

void AppendFixed64(uint64_t value, std::string* out) {
  char bytes[sizeof value];
  Store(value, bytes);
  out->append(bytes, sizeof bytes);
}

void AppendString(absl::string_view value, std::string* out) {
  AppendVarint(value.size(), out);
  out->append(value.data(), value.size());
}

uint32_t LoadFixed32(const void* bytes) { return Load<uint32_t>(bytes); }
uint64_t LoadFixed64(const void* bytes) { return Load<uint64_t>(bytes); }
void StoreFixed32(uint32_t value, void* bytes) { Store(value, bytes); }
void StoreFixed64(uint64_t value, void* bytes) { Store(value, bytes); }

bool ByteReader::ReadVarint(uint64_t* value) {
  uint64_t result = 0;
  for (size_t i = 0; i < kVarintBytesMax && i < rest_.size(); ++i) {
    const auto byte = static_cast<unsigned char>(rest_[i]);
    if (i == kVarintBytesMax - 1 && byte > 1) return false;  // would not fit 64 bits
    result |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      if (byte == 0 && i > 0) return false;  // a shorter encoding exists
      rest_.remove_prefix(i + 1);
      *value = result;
      return true;
    }
  }
  return false;
}

bool ByteReader::ReadVarint(uint32_t* value) {
  uint64_t wide;
  if (!ReadVarint(&wide) || wide > std::numeric_limits<uint32_t>::max()) return false;
  *value = static_cast<uint32_t>(wide);
  return true;
}

bool ByteReader::ReadByte(uint8_t* value) { return ReadInto(value, 1); }

bool ByteReader::ReadInto(void* out, size_t size) {
  if (rest_.size() < size) return false;
  std::memcpy(out, rest_.data(), size);
  rest_.remove_prefix(size);
  return true;
}

bool ByteReader::ReadString(absl::string_view* value) {
  uint64_t size;
  if (!ReadVarint(&size) || size > rest_.size()) return false;
  *value = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return true;
}

bool ByteReader::ReadString(std::string* value) {
  absl::string_view view;
  if (!ReadString(&view)) return false;
  value->assign(view.data(), view.size());
  return true;
}

}  // namespace kith
