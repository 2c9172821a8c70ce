#include "eventstore/memory/memory_engine.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"

namespace kith::eventstore {
namespace {

class MemoryBatch final : public EngineBatch {
 public:
  struct Entry {
    Table table;
    std::string key;
    std::string value;
  };

  void Put(Table table, absl::string_view key, absl::string_view value) override {
    entries_.push_back({table, std::string(key), std::string(value)});
  }
  void Clear() override { entries_.clear(); }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

}  // namespace

void MemoryDisk::FailNextCommit(bool applied, absl::Status error) {
  MutexLock lock(mutex_);
  fail_next_ = applied;
  fail_error_ = std::move(error);
}

void MemoryDisk::FailReopen(bool fail) {
  MutexLock lock(mutex_);
  fail_reopen_ = fail;
}

void MemoryDisk::HoldCommits(bool applied) {
  MutexLock lock(mutex_);
  hold_ = true;
  hold_applied_ = applied;
}

void MemoryDisk::WaitUntilHeld() {
  MutexLock lock(mutex_);
  while (!held_) changed_.Wait(mutex_);
}

void MemoryDisk::ReleaseCommits() {
  MutexLock lock(mutex_);
  hold_ = false;
  changed_.NotifyAll();
}

void MemoryDisk::ForgetCache(bool forget) {
  MutexLock lock(mutex_);
  forget_cache_ = forget;
}

void MemoryDisk::SetFreeBytes(uint64_t bytes) {
  MutexLock lock(mutex_);
  free_bytes_ = bytes;
}

void MemoryDisk::Corrupt(Table table, absl::string_view key, absl::string_view value) {
  MutexLock lock(mutex_);
  tables_[static_cast<size_t>(table)][std::string(key)] = std::string(value);
}

void MemoryDisk::Remove(Table table, absl::string_view key) {
  MutexLock lock(mutex_);
  tables_[static_cast<size_t>(table)].erase(std::string(key));
}

void MemoryDisk::SetMark(Position position) {
  MutexLock lock(mutex_);
  mark_ = position;
}

size_t MemoryDisk::settled_writes() const {
  MutexLock lock(mutex_);
  return settled_writes_;
}

size_t MemoryDisk::commits() const {
  MutexLock lock(mutex_);
  return commits_;
}

class MemoryEngine final : public Engine {
 public:
  explicit MemoryEngine(std::shared_ptr<MemoryDisk> disk) : disk_(std::move(disk)) {}

  const std::string& store_id() const override { return disk_->store_id_; }
  uint64_t epoch() const override { return 0; }

  std::unique_ptr<EngineBatch> NewBatch() override { return std::make_unique<MemoryBatch>(); }

  absl::Status Commit(EngineBatch& batch) override {
    MemoryDisk& disk = *disk_;
    MutexLock lock(disk.mutex_);
    const auto apply = [&]() KITH_REQUIRES(disk.mutex_) {
      for (const auto& entry : static_cast<MemoryBatch&>(batch).entries()) {
        disk.tables_[static_cast<size_t>(entry.table)][entry.key] = entry.value;
      }
    };
    if (disk.hold_ && disk.hold_applied_) apply();
    while (disk.hold_) {
      disk.held_ = true;
      disk.changed_.NotifyAll();
      disk.changed_.Wait(disk.mutex_);
    }
    disk.held_ = false;
    const std::optional<bool> failing = std::exchange(disk.fail_next_, std::nullopt);
    if (!failing.has_value() || *failing) {
      apply();
      ++disk.commits_;
    }
    return failing.has_value() ? disk.fail_error_ : absl::OkStatus();
  }

  absl::StatusOr<std::optional<std::string>> Get(Table table, absl::string_view key,
                                                 ReadTier tier) const override {
    MutexLock lock(disk_->mutex_);
    if (tier == ReadTier::kMemory && disk_->forget_cache_) return NotInMemory();
    const auto& entries = disk_->tables_[static_cast<size_t>(table)];
    const auto found = entries.find(std::string(key));
    if (found == entries.end()) return std::nullopt;
    return found->second;
  }

  absl::Status Scan(const ScanRange& range, ReadTier tier, Visitor visit) const override {
    MutexLock lock(disk_->mutex_);
    if (tier == ReadTier::kMemory && disk_->forget_cache_) return NotInMemory();
    const auto& entries = disk_->tables_[static_cast<size_t>(range.table)];
    const std::string start(range.start);
    if (range.direction == Direction::kForwards) {
      for (auto at = entries.lower_bound(start);
           at != entries.end() && absl::StartsWith(at->first, range.prefix); ++at) {
        if (!visit(at->first, at->second)) break;
      }
      return absl::OkStatus();
    }
    for (auto at = entries.upper_bound(start); at != entries.begin();) {
      --at;
      if (!absl::StartsWith(at->first, range.prefix) || !visit(at->first, at->second)) break;
    }
    return absl::OkStatus();
  }

  absl::Status Reopen() override {
    MutexLock lock(disk_->mutex_);
    return disk_->fail_reopen_ ? absl::UnavailableError("injected fault") : absl::OkStatus();
  }

  absl::StatusOr<uint64_t> FreeBytes() const override {
    MutexLock lock(disk_->mutex_);
    return disk_->free_bytes_;
  }

  absl::StatusOr<Position> ReadMark() const override {
    MutexLock lock(disk_->mutex_);
    return disk_->mark_;
  }

  absl::Status WriteMark(Position position) override {
    disk_->SetMark(position);
    return absl::OkStatus();
  }
  absl::StatusOr<absl::Time> ReadSettled() override {
    MutexLock lock(disk_->mutex_);
    return disk_->settled_;
  }
  absl::Status WriteSettled(absl::Time time) override {
    MutexLock lock(disk_->mutex_);
    disk_->settled_ = time;
    ++disk_->settled_writes_;
    return absl::OkStatus();
  }

 private:
  static absl::Status NotInMemory() { return absl::UnavailableError("not in memory"); }

  const std::shared_ptr<MemoryDisk> disk_;
};

std::unique_ptr<Engine> NewMemoryEngine(std::shared_ptr<MemoryDisk> disk) {
  return std::make_unique<MemoryEngine>(std::move(disk));
}

}  // namespace kith::eventstore
