// How the log's tables are kept as RocksDB column families: options for the database and for each
// family.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "eventstore/log/engine.h"
#include "eventstore/rocksdb/rocks_engine.h"
#include "rocksdb/cache.h"
#include "rocksdb/db.h"
#include "rocksdb/write_buffer_manager.h"

namespace kith::eventstore {

// For the database at `path`, whose memtables take what `memtables` allows.
rocksdb::DBOptions LogDatabaseOptions(const RocksEngineOptions& options, const std::string& path,
                                      std::shared_ptr<rocksdb::WriteBufferManager> memtables);

// One descriptor per table, in the order of Table, then the default family, which RocksDB insists
// on and which stays empty.
std::vector<rocksdb::ColumnFamilyDescriptor> LogFamilies(
    const std::shared_ptr<rocksdb::Cache>& cache);

}  // namespace kith::eventstore
