#include "eventstore/rocksdb/settled_file.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/crc32c.h"
#include "eventstore/base/status_macros.h"

namespace kith::eventstore {
namespace {

// Two slots take turns, each in a page of its own, so that no write of one touches the other.
constexpr uint64_t kPageBytes = 4096;
constexpr size_t kContentBytes = 16;
constexpr size_t kSlotBytes = kContentBytes + 4;

struct Slot {
  uint64_t serial = 0;
  absl::Time time;
};

uint64_t OffsetOf(uint64_t serial) { return serial % 2 * kPageBytes; }

std::string EncodeSlot(const Slot& slot) {
  std::string bytes;
  AppendFixed64(slot.serial, &bytes);
  AppendFixed64(static_cast<uint64_t>(absl::ToUnixMicros(slot.time)), &bytes);
  AppendFixed32(Crc32c(bytes), &bytes);
  return bytes;
}

std::optional<Slot> DecodeSlot(absl::string_view bytes) {
  if (Crc32c(bytes.substr(0, kContentBytes)) != LoadFixed32(bytes.data() + kContentBytes)) {
    return std::nullopt;
  }
  return Slot{LoadFixed64(bytes.data()),
              absl::FromUnixMicros(static_cast<int64_t>(LoadFixed64(bytes.data() + 8)))};
}

absl::Status Damaged(const std::string& path) {
  return absl::FailedPreconditionError(absl::StrCat(
      path,
      " is damaged: restore the data directory from a backup, or delete this file; answers as of "
      "times right before the last stop may then change, if the clock stepped back since"));
}

}  // namespace

absl::StatusOr<absl::Time> SettledFile::Read() {
  absl::StatusOr<std::unique_ptr<KeyFile>> file = OpenKeyFile(path_);
  if (absl::IsNotFound(file.status())) return absl::InfinitePast();
  KITH_RETURN_IF_ERROR(file.status());
  std::optional<Slot> newest;
  for (const uint64_t serial : {0, 1}) {
    const absl::StatusOr<std::string> bytes = (*file)->Read(OffsetOf(serial), kSlotBytes);
    if (absl::IsOutOfRange(bytes.status())) return Damaged(path_);
    KITH_RETURN_IF_ERROR(bytes.status());
    // One may have been torn while it was written, and then nobody relied on it.
    const std::optional<Slot> slot = DecodeSlot(*bytes);
    if (slot.has_value() && (!newest.has_value() || slot->serial > newest->serial)) newest = slot;
  }
  if (!newest.has_value()) return Damaged(path_);
  file_ = *std::move(file);
  serial_ = newest->serial;
  return newest->time;
}

absl::Status SettledFile::Write(absl::Time time) {
  const Slot slot{serial_ + 1, time};
  if (file_ == nullptr) {
    std::string bytes = EncodeSlot({0, time});
    bytes.resize(kPageBytes, '\0');
    bytes += EncodeSlot({1, time});
    bytes.resize(2 * kPageBytes, '\0');
    KITH_RETURN_IF_ERROR(CreateKeyFile(path_, bytes));
    KITH_ASSIGN_OR_RETURN(file_, OpenKeyFile(path_));
    serial_ = 1;
    return absl::OkStatus();
  }
  KITH_RETURN_IF_ERROR(file_->Write(OffsetOf(slot.serial), EncodeSlot(slot)));
  KITH_RETURN_IF_ERROR(file_->Sync());
  serial_ = slot.serial;
  return absl::OkStatus();
}

}  // namespace kith::eventstore
