// The engine for tests: everything in memory, with the failures of a disk on request.
//
// A MemoryDisk is what survives closing an engine, so a test can reopen a log over it. Thread-safe.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/btree_map.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/engine.h"

namespace kith::eventstore {

class MemoryDisk {
 public:
  explicit MemoryDisk(std::string store_id = "memory-disk-0001") : store_id_(std::move(store_id)) {}

  // The next commit fails with `error`; `applied` says whether its bytes reach the disk
  // nevertheless, as after a failed fsync.
  void FailNextCommit(bool applied, absl::Status error = absl::UnavailableError("injected fault"));
  // Every Reopen fails until told otherwise.
  void FailReopen(bool fail);
  // Holds the next commits in their fsync: WaitUntilHeld returns when one has arrived there. With
  // `applied` readers of the engine see what they write meanwhile.
  void HoldCommits(bool applied = false);
  void WaitUntilHeld();
  void ReleaseCommits();
  // Reads of kMemory answer Unavailable, as if nothing were cached.
  void ForgetCache(bool forget);
  void SetFreeBytes(uint64_t bytes);
  // Changes or removes stored bytes behind the engine's back.
  void Corrupt(Table table, absl::string_view key, absl::string_view value);
  void Remove(Table table, absl::string_view key);
  // Puts the durable mark somewhere else.
  void SetMark(Position position);
  // How many batches were committed, and how often the settled time was written.
  size_t commits() const;
  size_t settled_writes() const;

 private:
  friend class MemoryEngine;
  using Entries = absl::btree_map<std::string, std::string>;

  const std::string store_id_;
  mutable Mutex mutex_;
  mutable CondVar changed_;
  std::array<Entries, kTableCount> tables_ KITH_GUARDED_BY(mutex_);
  Position mark_ KITH_GUARDED_BY(mutex_);
  absl::Time settled_ KITH_GUARDED_BY(mutex_) = absl::InfinitePast();
  size_t settled_writes_ KITH_GUARDED_BY(mutex_) = 0;
  std::optional<bool> fail_next_
      KITH_GUARDED_BY(mutex_);  // holds: whether the failing commit is applied
  absl::Status fail_error_ KITH_GUARDED_BY(mutex_);
  bool fail_reopen_ KITH_GUARDED_BY(mutex_) = false;
  bool hold_ KITH_GUARDED_BY(mutex_) = false;
  bool hold_applied_ KITH_GUARDED_BY(mutex_) = false;
  bool held_ KITH_GUARDED_BY(mutex_) = false;
  bool forget_cache_ KITH_GUARDED_BY(mutex_) = false;
  uint64_t free_bytes_ KITH_GUARDED_BY(mutex_) = uint64_t{1} << 40;
  size_t commits_ KITH_GUARDED_BY(mutex_) = 0;
};

std::unique_ptr<Engine> NewMemoryEngine(
    std::shared_ptr<MemoryDisk> disk = std::make_shared<MemoryDisk>());

}  // namespace kith::eventstore
