// What an operator needs to know of a RocksDB database, for both of Kith's.
#pragma once

#include "absl/strings/string_view.h"
#include "eventstore/base/metrics.h"
#include "rocksdb/cache.h"
#include "rocksdb/db.h"

namespace kith::eventstore {

// Adds it under the label db="<name>". Takes the database's mutex for moments; reads no file.
void AddRocksMetrics(absl::string_view name, rocksdb::DB& db, const rocksdb::Cache& cache,
                     MetricPage& page);

}  // namespace kith::eventstore
