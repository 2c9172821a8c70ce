// TableFiles: RocksDB's own files of keys in their order, made beside the database and then taken
// into a family as they are, past the memtables. The inside of versioned_store.cc; nobody else
// includes it.
//
// A family with versions takes files whose keys it has already only where every position in them is
// above those it has: then they are as a memtable that was flushed. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "projections/store/rocks_families.h"
#include "rocksdb/options.h"
#include "rocksdb/sst_file_writer.h"

namespace kith::projections {

// So large a file of a family becomes, about.
inline constexpr uint64_t kTableFileBytes = 16 << 20;

class TableFiles {
 public:
  TableFiles(OpenDatabase& database, rocksdb::ColumnFamilyHandle* handle);
  // What was not taken in is deleted.
  ~TableFiles();
  TableFiles(const TableFiles&) = delete;
  TableFiles& operator=(const TableFiles&) = delete;

  // Keys rise; of one key, timestamps fall.
  absl::Status Put(const rocksdb::Slice& key, const rocksdb::Slice& value);
  absl::Status Put(const rocksdb::Slice& key, const rocksdb::Slice& timestamp,
                   const rocksdb::Slice& value);
  absl::Status Delete(const rocksdb::Slice& key, const rocksdb::Slice& timestamp);
  // The last file is whole, and on disk.
  absl::Status End();
  // Takes in all of them, of all of `files`, which have ended and have no key in common: all or
  // none, and on disk.
  static absl::Status TakeIn(const std::vector<TableFiles*>& files);

 private:
  // A file for `key`: another one where the last is full, but never amid the versions of a key.
  absl::Status FileFor(const rocksdb::Slice& key);

  OpenDatabase& database_;
  rocksdb::ColumnFamilyHandle* const handle_;
  const rocksdb::Options options_;
  std::unique_ptr<rocksdb::SstFileWriter> writer_;  // of the last file, until it has ended
  std::vector<std::string> paths_;
  std::string last_key_;
};

}  // namespace kith::projections
