#include "eventstore/rocksdb/rocks_metrics.h"

#include <string>

namespace kith::eventstore {
namespace {

struct Property {
  const char* name;
  const char* help;
  const std::string& property;
};

// Sums over all families; of those that belong to the database as a whole, its own value.
const Property kSums[] = {
    {"kith_rocksdb_sst_bytes", "Bytes in files that hold the present state.",
     rocksdb::DB::Properties::kLiveSstFilesSize},
    {"kith_rocksdb_memtable_bytes", "Bytes in memory that are not in files yet.",
     rocksdb::DB::Properties::kCurSizeAllMemTables},
    {"kith_rocksdb_pending_compaction_bytes", "Bytes that compactions still have to rewrite.",
     rocksdb::DB::Properties::kEstimatePendingCompactionBytes},
};
const Property kWhole[] = {
    {"kith_rocksdb_running_flushes", "Memtables being written to files now.",
     rocksdb::DB::Properties::kNumRunningFlushes},
    {"kith_rocksdb_running_compactions", "Compactions running now.",
     rocksdb::DB::Properties::kNumRunningCompactions},
    {"kith_rocksdb_write_stopped", "1 while writes wait for compactions.",
     rocksdb::DB::Properties::kIsWriteStopped},
    {"kith_rocksdb_delayed_write_bytes_per_second",
     "The rate that writes are held to while compactions lag; 0 when they are not.",
     rocksdb::DB::Properties::kActualDelayedWriteRate},
    {"kith_rocksdb_background_errors", "Flushes and compactions that failed since the start.",
     rocksdb::DB::Properties::kBackgroundErrors},
};

}  // namespace

void AddRocksMetrics(absl::string_view name, rocksdb::DB& db, const rocksdb::Cache& cache,
                     MetricPage& page) {
  const MetricLabels labels = {{"db", std::string(name)}};
  uint64_t value = 0;
  for (const Property& sum : kSums) {
    if (db.GetAggregatedIntProperty(sum.property, &value)) {
      page.Gauge(sum.name, sum.help, static_cast<double>(value), labels);
    }
  }
  for (const Property& whole : kWhole) {
    if (db.GetIntProperty(whole.property, &value)) {
      page.Gauge(whole.name, whole.help, static_cast<double>(value), labels);
    }
  }
  page.Gauge("kith_rocksdb_cache_bytes", "Bytes in the cache of blocks, indexes and filters.",
             static_cast<double>(cache.GetUsage()), labels);
}

}  // namespace kith::eventstore
