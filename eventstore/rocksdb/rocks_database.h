// Opening and closing the log's RocksDB database: creates a new one whole or not at all, and
// recognises what is not ours before anything is touched.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "eventstore/base/random.h"
#include "eventstore/log/engine.h"
#include "eventstore/rocksdb/file_record.h"
#include "eventstore/rocksdb/rocks_engine.h"
#include "rocksdb/cache.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/listener.h"
#include "rocksdb/write_buffer_manager.h"

namespace kith::eventstore {

// An open database with its families. Closed by the destructor; no iterator may be alive then.
class RocksDatabase {
 public:
  // The log's name is on disk afterwards, as are those of the folders it is in. Errors as
  // OpenRocksEngine.
  static absl::StatusOr<std::unique_ptr<RocksDatabase>> Open(
      const RocksEngineOptions& options, const std::string& path,
      const std::shared_ptr<rocksdb::Cache>& cache,
      const std::shared_ptr<rocksdb::WriteBufferManager>& memtables,
      const std::shared_ptr<rocksdb::EventListener>& watch);
  ~RocksDatabase();

  rocksdb::DB& db() { return *db_; }
  rocksdb::ColumnFamilyHandle* family(Table table) const {
    return families_[static_cast<size_t>(table)];
  }

 private:
  friend absl::Status CreateLog(const RocksEngineOptions&, const std::string&, Random&);
  static absl::StatusOr<std::unique_ptr<RocksDatabase>> OpenWith(
      rocksdb::DBOptions db_options, const std::string& path,
      const std::shared_ptr<rocksdb::Cache>& cache, const FileRecord& record);
  RocksDatabase() = default;

  std::unique_ptr<rocksdb::Env> env_;  // with the files that keep the record
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kTableCount + 1> families_{};
};

// Whether a log stands at `path`: false when there is nothing. Changes nothing but for cutting off
// an edit of the manifest that was never synced (CutTornManifest); errors as OpenRocksEngine.
absl::StatusOr<bool> InspectLog(const RocksEngineOptions& options, const std::string& path);

// Creates an empty log at `path`, under another name first, so that a crash leaves none or a whole
// one. Its name may not be on disk yet.
absl::Status CreateLog(const RocksEngineOptions& options, const std::string& path, Random& random);

// Keys of the table `meta`, and the format this code writes and reads.
inline constexpr char kMetaFormat[] = "format";
inline constexpr char kMetaStore[] = "store";
inline constexpr char kMetaEpoch[] = "epoch";
inline constexpr uint64_t kLogFormat = 1;
inline constexpr size_t kStoreIdBytes = 16;

}  // namespace kith::eventstore
