// What stands in the key file: a header, two marks and slots of one key each. FORMAT.md describes
// every byte.
//
// Pure encoding and decoding of untrusted bytes, and the wrapping of keys; key_file.h moves the
// bytes. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"
#include "eventstore/seal/cipher.h"

namespace kith::eventstore {

// The header and each mark have a page of their own, so that no write of one touches another.
inline constexpr size_t kKeyFilePageBytes = 4096;
inline constexpr size_t kSlotBytes = 128;

// Which slot of the file: 1, 2, 3 …; 0 is none. Stands in sealed parts as their key number.
using SlotNumber = StrongId<struct SlotNumberKind, uint32_t>;
// A person of a workspace, without their name: SHA-256 of both, cut to 16 bytes.
using SubjectHash = std::array<uint8_t, 16>;

SubjectHash SubjectHashOf(WorkspaceId workspace, absl::string_view subject);
// Where a slot stands in the file.
uint64_t SlotOffset(SlotNumber number);
// Where the mark with this serial number stands; two places take turns.
uint64_t MarkOffset(uint64_t serial);

enum class SlotState : uint8_t {
  kPooled = 1,     // a fresh key that belongs to nobody yet, wrapped by the store key
  kSubject = 2,    // a person's key, wrapped by the workspace key
  kWorkspace = 3,  // a workspace's key, wrapped by the store key
  kDestroyed = 4,  // the person's key is gone, and there is never another
};

struct KeySlot {
  SlotState state = SlotState::kPooled;
  WorkspaceId workspace;  // 0 while pooled
  SubjectHash subject{};  // zeros while pooled and for a workspace
  Nonce nonce{};          // zeros when destroyed, as is the next
  std::array<uint8_t, kKeyBytes + kGcmTagBytes> wrapped{};
};

std::string EncodeSlot(SlotNumber number, const KeySlot& slot);
// Nullopt when the bytes are not the slot with this number.
std::optional<KeySlot> DecodeSlot(SlotNumber number, absl::string_view bytes);

// Puts `key` into `slot`, encrypted under `wrapping` and bound to everything else the slot says and
// to its number.
void Wrap(SlotNumber number, const SecretKey& wrapping, const SecretKey& key, const Nonce& nonce,
          KeySlot* slot);
// Nullopt when it was not wrapped with this key for this place.
std::optional<SecretKey> Unwrap(SlotNumber number, const SecretKey& wrapping, const KeySlot& slot);

// The header: the secret that all others hang on.
std::string EncodeKeyFileHeader(const SecretKey& store_secret);
std::optional<SecretKey> DecodeKeyFileHeader(absl::string_view bytes);

// How far the file is known to be whole and ahead of the log.
struct KeyFileMark {
  uint64_t serial = 0;      // rises with each mark written
  Position through;         // keys given to people up to this position of the log are on disk
  SlotNumber last_written;  // slots 1 … last_written are on disk
};
std::string EncodeMark(const KeyFileMark& mark);
std::optional<KeyFileMark> DecodeMark(absl::string_view bytes);

}  // namespace kith::eventstore
