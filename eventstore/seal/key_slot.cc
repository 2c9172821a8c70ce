#include "eventstore/seal/key_slot.h"

#include <algorithm>
#include <cstring>

#include "eventstore/base/bytes.h"
#include "eventstore/base/check.h"
#include "eventstore/base/crc32c.h"
#include "eventstore/base/sha256.h"

namespace kith::eventstore {
namespace {

constexpr absl::string_view kMagic = "KITHKEYS";
constexpr uint32_t kFormat = 1;
constexpr uint64_t kPageOfMarks = 1;
constexpr uint64_t kPageOfSlots = 3;
constexpr size_t kCrcBytes = 4;
constexpr size_t kSlotReservedBytes = kSlotBytes - 8 - 16 - 12 - 48 - kCrcBytes;

absl::string_view View(const void* bytes, size_t size) {
  return absl::string_view(static_cast<const char*>(bytes), size);
}

// Fills up with zeros to `size`, of which the last four bytes become the checksum of the others,
// which begins with `before`.
void Close(size_t size, uint32_t before, std::string* out) {
  KITH_CHECK(out->size() <= size - kCrcBytes);
  out->resize(size - kCrcBytes, '\0');
  AppendFixed32(Crc32c(*out, before), out);
}

bool ChecksumHolds(absl::string_view bytes, size_t size, uint32_t before) {
  return bytes.size() == size && Crc32c(bytes.substr(0, size - kCrcBytes), before) ==
                                     LoadFixed32(bytes.data() + size - kCrcBytes);
}

bool AllZero(absl::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

// A slot's checksum begins with its number, so that a slot in another's place is noticed.
uint32_t ChecksumOfNumber(SlotNumber number) {
  uint8_t bytes[4];
  StoreFixed32(number.value(), bytes);
  return Crc32c(View(bytes, sizeof bytes));
}

// What a wrapped key is bound to.
std::string BoundTo(SlotNumber number, const KeySlot& slot) {
  std::string bytes;
  AppendFixed32(number.value(), &bytes);
  bytes.push_back(static_cast<char>(slot.state));
  AppendFixed32(slot.workspace.value(), &bytes);
  bytes.append(slot.subject.begin(), slot.subject.end());
  return bytes;
}

}  // namespace

SubjectHash SubjectHashOf(WorkspaceId workspace, absl::string_view subject) {
  uint8_t bytes[4];
  StoreFixed32(workspace.value(), bytes);
  const Sha256Hash hash = Sha256().Add(View(bytes, sizeof bytes)).Add(subject).Finish();
  SubjectHash cut;
  std::copy_n(hash.begin(), cut.size(), cut.begin());
  return cut;
}

uint64_t SlotOffset(SlotNumber number) {
  KITH_CHECK(number.value() != 0);
  return kPageOfSlots * kKeyFilePageBytes + uint64_t{number.value() - 1} * kSlotBytes;
}

uint64_t MarkOffset(uint64_t serial) { return (kPageOfMarks + serial % 2) * kKeyFilePageBytes; }

std::string EncodeSlot(SlotNumber number, const KeySlot& slot) {
  std::string bytes;
  bytes.reserve(kSlotBytes);
  AppendFixed32(static_cast<uint32_t>(slot.state), &bytes);
  AppendFixed32(slot.workspace.value(), &bytes);
  bytes.append(slot.subject.begin(), slot.subject.end());
  bytes.append(slot.nonce.begin(), slot.nonce.end());
  bytes.append(slot.wrapped.begin(), slot.wrapped.end());
  Close(kSlotBytes, ChecksumOfNumber(number), &bytes);
  return bytes;
}

std::optional<KeySlot> DecodeSlot(SlotNumber number, absl::string_view bytes) {
  if (!ChecksumHolds(bytes, kSlotBytes, ChecksumOfNumber(number))) return std::nullopt;
  const uint32_t state = LoadFixed32(bytes.data());
  if (state < static_cast<uint32_t>(SlotState::kPooled) ||
      state > static_cast<uint32_t>(SlotState::kDestroyed)) {
    return std::nullopt;
  }
  KeySlot slot;
  slot.state = static_cast<SlotState>(state);
  slot.workspace = WorkspaceId(LoadFixed32(bytes.data() + 4));
  ByteReader reader(bytes.substr(8));
  if (!reader.ReadInto(slot.subject.data(), slot.subject.size()) ||
      !reader.ReadInto(slot.nonce.data(), slot.nonce.size()) ||
      !reader.ReadInto(slot.wrapped.data(), slot.wrapped.size()) ||
      !AllZero(reader.rest().substr(0, kSlotReservedBytes))) {
    return std::nullopt;
  }
  return slot;
}

void Wrap(SlotNumber number, const SecretKey& wrapping, const SecretKey& key, const Nonce& nonce,
          KeySlot* slot) {
  const std::string wrapped = GcmSeal(wrapping, nonce, BoundTo(number, *slot), key.view());
  KITH_CHECK(wrapped.size() == slot->wrapped.size());
  slot->nonce = nonce;
  std::copy(wrapped.begin(), wrapped.end(), slot->wrapped.begin());
}

std::optional<SecretKey> Unwrap(SlotNumber number, const SecretKey& wrapping, const KeySlot& slot) {
  std::optional<std::string> plain = GcmOpen(wrapping, slot.nonce, BoundTo(number, slot),
                                             View(slot.wrapped.data(), slot.wrapped.size()));
  if (!plain.has_value()) return std::nullopt;
  SecretKey key;
  std::copy(plain->begin(), plain->end(), key.data());
  Wipe(*plain);
  return key;
}

std::string EncodeKeyFileHeader(const SecretKey& store_secret) {
  std::string bytes(kMagic);
  AppendFixed32(kFormat, &bytes);
  AppendFixed32(kSlotBytes, &bytes);
  bytes.append(store_secret.view().data(), kKeyBytes);
  Close(kKeyFilePageBytes, 0, &bytes);
  return bytes;
}

std::optional<SecretKey> DecodeKeyFileHeader(absl::string_view bytes) {
  if (!ChecksumHolds(bytes, kKeyFilePageBytes, 0)) return std::nullopt;
  if (bytes.substr(0, kMagic.size()) != kMagic) return std::nullopt;
  const char* const numbers = bytes.data() + kMagic.size();
  if (LoadFixed32(numbers) != kFormat || LoadFixed32(numbers + 4) != kSlotBytes)
    return std::nullopt;
  SecretKey secret;
  std::memcpy(secret.data(), numbers + 8, kKeyBytes);
  return secret;
}

std::string EncodeMark(const KeyFileMark& mark) {
  std::string bytes;
  AppendFixed64(mark.serial, &bytes);
  AppendFixed64(mark.through.value(), &bytes);
  AppendFixed32(mark.last_written.value(), &bytes);
  Close(kKeyFilePageBytes, 0, &bytes);
  return bytes;
}

std::optional<KeyFileMark> DecodeMark(absl::string_view bytes) {
  if (!ChecksumHolds(bytes, kKeyFilePageBytes, 0)) return std::nullopt;
  KeyFileMark mark;
  mark.serial = LoadFixed64(bytes.data());
  mark.through = Position(LoadFixed64(bytes.data() + 8));
  mark.last_written = SlotNumber(LoadFixed32(bytes.data() + 16));
  return mark;
}

}  // namespace kith::eventstore
