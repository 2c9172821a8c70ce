#include "eventstore/rocksdb/families.h"

#include "eventstore/log/keys.h"
#include "eventstore/rocksdb/rocks_log.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/slice_transform.h"
#include "rocksdb/table.h"

namespace kith::eventstore {
namespace {

constexpr double kBloomBits = 10;
// The write-ahead log is replayed when the log is opened: this bounds how long that takes.
constexpr uint64_t kWalBytesMax = 96 << 20;
// The leading bytes of a position that hardly ever change.
constexpr size_t kSteadyPrefixBytes = 4;

rocksdb::ColumnFamilyOptions FamilyOptions(Table table,
                                           const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions blocks;
  blocks.block_cache = cache;
  blocks.block_size = 16 << 10;
  blocks.format_version = 5;

  rocksdb::ColumnFamilyOptions options;
  options.compression = rocksdb::kZSTD;
  options.compression_opts.level = 1;
  options.level_compaction_dynamic_level_bytes = true;
  options.write_buffer_size = 16 << 20;
  switch (table) {
    case Table::kEvents:
      options.write_buffer_size = 32 << 20;
      // Keys only rise: each is put beside the one before without a search.
      options.memtable_insert_with_hint_prefix_extractor.reset(
          rocksdb::NewFixedPrefixTransform(kSteadyPrefixBytes));
      break;
    case Table::kHeads:
    case Table::kRequests:
      // Most look-ups ask for what is not there: a new stream, a new request.
      blocks.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBits));
      blocks.block_size = 4 << 10;
      options.memtable_whole_key_filtering = true;
      options.memtable_prefix_bloom_size_ratio = 0.05;
      break;
    case Table::kTags:
      // Asked as "is there one after position P?": the filter is over workspace and tag.
      blocks.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBits));
      blocks.whole_key_filtering = false;
      options.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(kTagPrefixBytes));
      options.memtable_prefix_bloom_size_ratio = 0.05;
      break;
    case Table::kTree:
      options.compression = rocksdb::kNoCompression;  // hashes
      break;
    case Table::kStreams:
    case Table::kWorkspaces:
    case Table::kTimes:
    case Table::kMeta:
      break;
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(blocks));
  return options;
}

}  // namespace

rocksdb::DBOptions LogDatabaseOptions(const RocksEngineOptions& options, const std::string& path,
                                      std::shared_ptr<rocksdb::WriteBufferManager> memtables) {
  rocksdb::DBOptions db;
  if (options.env != nullptr) db.env = options.env;  // else the machine's
  // Point-in-time recovery, the default, silently drops acknowledged records after one flipped bit.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.paranoid_checks = true;
  db.track_and_verify_wals_in_manifest = true;
  db.allow_concurrent_memtable_write = false;  // there is one writer
  db.write_buffer_manager = std::move(memtables);
  db.max_total_wal_size = kWalBytesMax;
  db.max_background_jobs = 2;
  db.bytes_per_sync = 1 << 20;
  // A look-up in memory alone answers OK with an empty value where its table's file is not open.
  db.max_open_files = -1;
  db.skip_stats_update_on_db_open = true;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.info_log = NewRocksLog(path);
  return db;
}

std::vector<rocksdb::ColumnFamilyDescriptor> LogFamilies(
    const std::shared_ptr<rocksdb::Cache>& cache) {
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (size_t i = 0; i < kTableCount; ++i) {
    families.emplace_back(kTableNames[i], FamilyOptions(static_cast<Table>(i), cache));
  }
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions());
  return families;
}

}  // namespace kith::eventstore
