// LossyDisk: the disk under a key file, which forgets what was not synced when the power is cut:
// every sector on its own, so that a later one may stay where an earlier one is gone, and half a
// write may stay. Writes and syncs can be made to fail.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/mutex.h"
#include "eventstore/seal/key_file.h"

namespace kith::eventstore {

// Thread-safe. Outlives the files it opens.
class LossyDisk {
 public:
  explicit LossyDisk(std::string bytes) : written_(bytes), synced_(std::move(bytes)) {}

  std::unique_ptr<KeyFile> Open() { return std::make_unique<File>(*this); }

  // Loses each unsynced piece of a sector that `survives`, called in the order of writing, does not
  // keep.
  void CutPower(const std::function<bool()>& survives) {
    MutexLock lock(mutex_);
    for (const auto& [offset, bytes] : unsynced_) {
      if (survives()) Apply(offset, bytes, synced_);
    }
    written_ = synced_;
    unsynced_.clear();
  }

  // What a reader of the disk sees now.
  std::string bytes() {
    MutexLock lock(mutex_);
    return written_;
  }
  // Changes the disk behind everybody's back.
  void Damage(const std::function<void(std::string&)>& change) {
    MutexLock lock(mutex_);
    change(written_);
    synced_ = written_;
  }
  int syncs() {
    MutexLock lock(mutex_);
    return syncs_;
  }
  void FailWrites(bool fail) {
    MutexLock lock(mutex_);
    fail_writes_ = fail;
  }
  void FailSyncs(bool fail) {
    MutexLock lock(mutex_);
    fail_syncs_ = fail;
  }

 private:
  static constexpr size_t kSectorBytes = 512;

  class File final : public KeyFile {
   public:
    explicit File(LossyDisk& disk) : disk_(disk) {}
    absl::StatusOr<uint64_t> Size() const override { return disk_.bytes().size(); }
    absl::StatusOr<std::string> Read(uint64_t offset, size_t size) const override {
      MutexLock lock(disk_.mutex_);
      if (offset + size > disk_.written_.size()) return absl::OutOfRangeError("cut short");
      return disk_.written_.substr(offset, size);
    }
    absl::Status Write(uint64_t offset, absl::string_view bytes) override {
      MutexLock lock(disk_.mutex_);
      if (disk_.fail_writes_) return absl::UnavailableError("no space left");
      Apply(offset, bytes, disk_.written_);
      while (!bytes.empty()) {
        const size_t size = std::min<size_t>(bytes.size(), kSectorBytes - offset % kSectorBytes);
        disk_.unsynced_.emplace_back(offset, bytes.substr(0, size));
        bytes.remove_prefix(size);
        offset += size;
      }
      return absl::OkStatus();
    }
    absl::Status Sync() override {
      MutexLock lock(disk_.mutex_);
      if (disk_.fail_syncs_) return absl::UnavailableError("input/output error");
      disk_.synced_ = disk_.written_;
      disk_.unsynced_.clear();
      ++disk_.syncs_;
      return absl::OkStatus();
    }

   private:
    LossyDisk& disk_;
  };

  static void Apply(uint64_t offset, absl::string_view bytes, std::string& to) {
    if (to.size() < offset + bytes.size()) to.resize(offset + bytes.size(), '\0');
    std::copy(bytes.begin(), bytes.end(), to.begin() + static_cast<ptrdiff_t>(offset));
  }

  Mutex mutex_;
  std::string written_ KITH_GUARDED_BY(mutex_);
  std::string synced_ KITH_GUARDED_BY(mutex_);
  std::vector<std::pair<uint64_t, std::string>> unsynced_ KITH_GUARDED_BY(mutex_);
  int syncs_ KITH_GUARDED_BY(mutex_) = 0;
  bool fail_writes_ KITH_GUARDED_BY(mutex_) = false;
  bool fail_syncs_ KITH_GUARDED_BY(mutex_) = false;
};

}  // namespace kith::eventstore
