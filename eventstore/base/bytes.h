// Reading and writing the small binary formats of Kith: varints, length-prefixed strings,
// fixed-size numbers.
//
// A varint is the little-endian base-128 encoding of an unsigned 64-bit number, always the shortest
// one: what is longer than it need be is refused, so that a value has one encoding only. Fixed-size
// numbers are little endian. Pure functions and a plain value: any thread, one at a time for a
// reader.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"

namespace kith {

// Maps signed numbers to unsigned ones so that small ones of either sign have a short varint: 0,
// -1, 1, -2 … → 0, 1, 2, 3 …
constexpr uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

void AppendVarint(uint64_t value, std::string* out);
void AppendFixed32(uint32_t value, std::string* out);
void AppendFixed64(uint64_t value, std::string* out);
// The size as a varint, then the bytes.
void AppendString(absl::string_view value, std::string* out);

uint32_t LoadFixed32(const void* bytes);
uint64_t LoadFixed64(const void* bytes);
void StoreFixed32(uint32_t value, void* bytes);
void StoreFixed64(uint64_t value, void* bytes);

// Takes values off the front of untrusted bytes. Each Read is false, and takes nothing to rely on,
// when the bytes end early or are not canonical; it never reads outside them. Borrows the bytes.
class ByteReader {
 public:
  explicit ByteReader(absl::string_view bytes) : rest_(bytes) {}

  bool ReadVarint(uint64_t* value);
  // False also when the number does not fit 32 bits.
  bool ReadVarint(uint32_t* value);
  bool ReadByte(uint8_t* value);
  // Exactly `size` bytes, copied to `out`.
  bool ReadInto(void* out, size_t size);
  // A size, then as many bytes; the view points into what the reader was given.
  bool ReadString(absl::string_view* value);
  bool ReadString(std::string* value);

  absl::string_view rest() const { return rest_; }
  bool done() const { return rest_.empty(); }

 private:
  absl::string_view rest_;
};

}  // namespace kith
