// MergeWatch: tells of damage that RocksDB meets by itself, as it merges files or writes them, and
// so of what no caller would hear of before it wants to write.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "rocksdb/listener.h"
#include "rocksdb/status.h"

namespace kith::eventstore {

// Owned by the options of a database. Called by RocksDB's threads.
class MergeWatch final : public rocksdb::EventListener {
 public:
  struct Damage {
    std::optional<uint32_t> family;  // its id, where files were being merged
    std::string files;  // the names of those that may be damaged: "000012.sst, 000014.sst"
    rocksdb::Status status;
  };
  // RocksDB takes damage of one family for that of the database, and refuses every write to any
  // family until it is opened again.
  enum class Writes { kRefused, kGoOn };

  // `met` must not call the database, and is told of the same damage as often as it is met.
  MergeWatch(Writes writes, std::function<void(const Damage&)> met)
      : writes_(writes), met_(std::move(met)) {}

  void OnCompactionCompleted(rocksdb::DB* db, const rocksdb::CompactionJobInfo& merge) override;
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override;

 private:
  const Writes writes_;
  const std::function<void(const Damage&)> met_;
};

}  // namespace kith::eventstore
