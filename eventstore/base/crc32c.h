// CRC-32C (Castagnoli): the checksum of everything Kith stores. It notices every single flipped
// bit, every burst of up to 32 bits, and a record cut short; it is no protection against intent,
// which the hashes and GCM tags are.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace kith {

// The checksum of `bytes`; given the checksum of what stood before them as `before`, that of the
// whole. Any thread.
uint32_t Crc32c(absl::string_view bytes, uint32_t before = 0);

namespace internal {
// The form for processors without the instruction, reachable so that a test can compare the two.
uint32_t Crc32cByTable(absl::string_view bytes, uint32_t before);
}  // namespace internal

}  // namespace kith
