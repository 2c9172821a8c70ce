// Where a log under test lives: memory, or RocksDB in a temporary directory. Either can be closed
// and opened again.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "eventstore/base/check.h"
#include "eventstore/log/engine.h"
#include "eventstore/memory/memory_engine.h"
#include "eventstore/rocksdb/rocks_engine.h"

namespace kith::eventstore {

// Removed with everything in it when it goes out of scope.
class TempDir {
 public:
  TempDir() : path_(::testing::TempDir() + "kith-log-XXXXXX") {
    KITH_CHECK(mkdtemp(path_.data()) != nullptr);
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct MemoryPlace {
  absl::StatusOr<std::unique_ptr<Engine>> Open() { return NewMemoryEngine(disk); }
  std::shared_ptr<MemoryDisk> disk = std::make_shared<MemoryDisk>();
};

struct RocksPlace {
  absl::StatusOr<std::unique_ptr<Engine>> Open() {
    return OpenRocksEngine({.data_dir = dir.path()});
  }
  TempDir dir;
};

}  // namespace kith::eventstore
