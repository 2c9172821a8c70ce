#include "services/workspaces/key_uses.h"

#include <utility>

#include "eventstore/base/bytes.h"
#include "eventstore/base/crc32c.h"
#include "eventstore/base/log.h"
#include "eventstore/base/status_macros.h"

namespace kith::workspaces {
namespace {

constexpr size_t kIdBytes = 26;
constexpr size_t kContentBytes = 4 + 4 + kIdBytes;
constexpr size_t kSlotBytes = 64;  // so that none lies in two sectors

std::string EncodeSlot(const KeyUses::Key& key, int64_t day) {
  std::string bytes;
  AppendFixed32(key.first.value(), &bytes);
  AppendFixed32(static_cast<uint32_t>(day), &bytes);
  bytes += key.second;
  AppendFixed32(Crc32c(bytes), &bytes);
  bytes.resize(kSlotBytes, '\0');
  return bytes;
}

// False where it was torn, or never written.
bool DecodeSlot(absl::string_view bytes, KeyUses::Key* key, int64_t* day) {
  if (Crc32c(bytes.substr(0, kContentBytes)) != LoadFixed32(bytes.data() + kContentBytes)) {
    return false;
  }
  *key = {WorkspaceId(LoadFixed32(bytes.data())), std::string(bytes.substr(8, kIdBytes))};
  *day = LoadFixed32(bytes.data() + 4);
  return true;
}

}  // namespace

KeyUses::KeyUses(const std::string& path, runtime::Pool& pool) : path_(path), pool_(pool) {
  if (!path_.empty()) Load();
}

void KeyUses::Load() {
  MutexLock file_lock(file_mutex_);
  MutexLock lock(mutex_);
  auto file = eventstore::OpenKeyFile(path_);
  if (!file.ok()) return;
  const absl::StatusOr<uint64_t> size = (*file)->Size();
  if (!size.ok()) return;
  next_ = (*size + kSlotBytes - 1) / kSlotBytes;
  file_ = *std::move(file);
  const absl::StatusOr<std::string> bytes = file_->Read(0, *size / kSlotBytes * kSlotBytes);
  if (!bytes.ok()) return;
  for (uint64_t number = 0; (number + 1) * kSlotBytes <= bytes->size(); ++number) {
    Key key;
    int64_t day = 0;
    const auto at = absl::string_view(*bytes).substr(number * kSlotBytes, kSlotBytes);
    if (!DecodeSlot(at, &key, &day)) continue;
    Slot& slot = slots_[key];
    if (slot.day < day) slot = {number, day};
  }
}

void KeyUses::Note(WorkspaceId workspace, absl::string_view id, int64_t day) {
  if (id.size() != kIdBytes) return;
  Key key(workspace, id);
  {
    MutexLock lock(mutex_);
    const auto [slot, is_new] = slots_.try_emplace(key);
    if (is_new) slot->second.number = next_++;
    if (slot->second.day >= day) return;
    slot->second.day = day;
  }
  if (path_.empty()) return;
  // Where too much waits there already, it is known until the server stops.
  (void)pool_.TryRun([this, key = std::move(key)] { Write(key); });
}

void KeyUses::Write(const Key& key) {
  MutexLock file_lock(file_mutex_);
  Slot slot;
  {
    MutexLock lock(mutex_);
    slot = slots_.at(key);
  }
  const auto write = [&]() KITH_REQUIRES(file_mutex_) -> absl::Status {
    if (file_ == nullptr) {
      KITH_RETURN_IF_ERROR(eventstore::CreateKeyFile(path_, ""));
      KITH_ASSIGN_OR_RETURN(file_, eventstore::OpenKeyFile(path_));
    }
    return file_->Write(slot.number * kSlotBytes, EncodeSlot(key, slot.day));
  };
  if (const absl::Status status = write(); !status.ok()) {
    Log(LogLevel::kWarning, "the day on which a key was used could not be kept", {},
        {{"file", path_}, {"error", status.ToString()}});
  }
}

int64_t KeyUses::LastDay(WorkspaceId workspace, absl::string_view id) const {
  MutexLock lock(mutex_);
  const auto slot = slots_.find(Key(workspace, id));
  return slot == slots_.end() ? 0 : slot->second.day;
}

}  // namespace kith::workspaces
