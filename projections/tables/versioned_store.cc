// What the packaged RocksDB 7.8 allows with user-defined timestamps, found by trying:
//  - One writer per family, positions only rising: an older timestamp written after a newer one
//  hides it.
//  - Several families written in one batch are at different positions after a crash; each has its
//  own checkpoint.
//  - Every read names a timestamp whose bytes outlive it, and an iterator's status is checked at
//  its end.
//  - Never: pin_data, row cache, blob files, Merge, PutEntity, WriteBatchWithIndex, hash index,
//  optimistic transactions,
//    atomic_flush, iter_start_ts backwards. The packaged library has assertions on, so several of
//    these abort.
//  - A write to a dropped family stops the whole database unless ignore_missing_column_families is
//  set.
//  - Iterators and handles are freed before the database is closed.
#include "projections/tables/versioned_store.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/read_gate.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"
#include "rocksdb/cache.h"
#include "rocksdb/comparator.h"
#include "rocksdb/convenience.h"
#include "rocksdb/db.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/table.h"
#include "rocksdb/write_batch.h"
#include "rocksdb/write_buffer_manager.h"

namespace kith::projections {
namespace {

using eventstore::Direction;
using eventstore::ReadTier;

constexpr char kIdentityKey[] = "identity";
constexpr Position kUnversioned{0};  // below every event, so every read sees it

rocksdb::Slice SliceOf(absl::string_view bytes) { return {bytes.data(), bytes.size()}; }
absl::string_view ViewOf(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// A position as RocksDB's built-in u64 timestamp has it: little endian.
class Timestamp {
 public:
  explicit Timestamp(Position position) { StoreFixed64(position.value(), bytes_); }
  rocksdb::Slice slice() const { return {bytes_, sizeof(bytes_)}; }

 private:
  char bytes_[8];
};

// The library's comparator of that name, registered by it, so that RocksDB's own tools can open the
// directory.
const rocksdb::Comparator* PositionComparator() {
  static const rocksdb::Comparator* const comparator = [] {
    const rocksdb::Comparator* found = nullptr;
    const rocksdb::Status status = rocksdb::Comparator::CreateFromString(
        rocksdb::ConfigOptions(), "leveldb.BytewiseComparator.u64ts", &found);
    KITH_CHECK(status.ok() && found != nullptr && found->timestamp_size() == 8);
    return found;
  }();
  return comparator;
}

absl::Status ToStatus(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  if (status.IsIncomplete()) return absl::UnavailableError("not in memory");
  if (status.IsCorruption()) {
    return absl::DataLossError(absl::StrCat("the view store is damaged: ", status.ToString()));
  }
  return absl::UnavailableError(absl::StrCat("the view store failed: ", status.ToString()));
}

absl::Status ClosedError() {
  return Error(type::v1::ERROR_SHUTTING_DOWN, "The server is shutting down.");
}

rocksdb::WriteOptions Unlogged() {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  options.ignore_missing_column_families = true;
  return options;
}

// What the families of an open store share; it outlives the database, which the gate guards.
struct Shared {
  std::unique_ptr<rocksdb::DB> db;
  ReadGate gate;
};

class RocksBatch final : public VersionedBatch {
 public:
  explicit RocksBatch(rocksdb::ColumnFamilyHandle* handle) : handle_(handle) {}

  void Put(absl::string_view key, Position at, absl::string_view value) override {
    KITH_CHECK(!key.empty());
    KITH_CHECK(batch_.Put(handle_, SliceOf(key), Timestamp(at).slice(), SliceOf(value)).ok());
  }
  void Delete(absl::string_view key, Position at) override {
    KITH_CHECK(batch_.Delete(handle_, SliceOf(key), Timestamp(at).slice()).ok());
  }
  void PutUnversioned(absl::string_view key, absl::string_view value) override {
    Put(key, kUnversioned, value);
  }
  bool empty() const override { return batch_.Count() == 0; }
  size_t bytes() const override { return batch_.GetDataSize(); }
  void Clear() override { batch_.Clear(); }

  rocksdb::WriteBatch& batch() { return batch_; }

 private:
  rocksdb::ColumnFamilyHandle* handle_;
  rocksdb::WriteBatch batch_{0, 0, 0, 8};  // 8: the bytes of a timestamp
};

class RocksFamily final : public VersionedFamily {
 public:
  RocksFamily(std::shared_ptr<Shared> shared, rocksdb::ColumnFamilyHandle* handle)
      : shared_(std::move(shared)), handle_(handle) {}

  absl::StatusOr<std::optional<std::string>> Get(absl::string_view key, Position at,
                                                 ReadTier tier) const override {
    const ReadGate::Pass pass(shared_->gate);
    if (!pass) return ClosedError();
    const Timestamp timestamp(at);
    const rocksdb::Slice slice = timestamp.slice();
    rocksdb::ReadOptions options;
    options.timestamp = &slice;
    if (tier == ReadTier::kMemory) options.read_tier = rocksdb::kBlockCacheTier;
    std::string value;
    const rocksdb::Status status = shared_->db->Get(options, handle_, SliceOf(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    KITH_RETURN_IF_ERROR(ToStatus(status));
    return value;
  }

  absl::Status Scan(const KeyRange& range, Position at, KeyVisitor visit) const override {
    const ReadGate::Pass pass(shared_->gate);
    if (!pass) return ClosedError();
    if (!range.to.empty() && range.from >= range.to) return absl::OkStatus();
    const Timestamp timestamp(at);
    const rocksdb::Slice slice = timestamp.slice();
    const rocksdb::Slice from(range.from), to(range.to);
    rocksdb::ReadOptions options;
    options.timestamp = &slice;
    options.iterate_lower_bound = &from;
    if (!range.to.empty()) options.iterate_upper_bound = &to;
    const std::unique_ptr<rocksdb::Iterator> at_key(shared_->db->NewIterator(options, handle_));
    const bool forwards = range.direction == Direction::kForwards;
    for (forwards ? at_key->Seek(from) : at_key->SeekToLast(); at_key->Valid();
         forwards ? at_key->Next() : at_key->Prev()) {
      if (shared_->gate.closing()) return ClosedError();
      if (!visit(ViewOf(at_key->key()), ViewOf(at_key->value()))) return absl::OkStatus();
    }
    return ToStatus(at_key->status());
  }

  std::unique_ptr<VersionedBatch> NewBatch() override {
    return std::make_unique<RocksBatch>(handle_);
  }

  absl::Status Write(VersionedBatch& batch) override {
    return ToStatus(shared_->db->Write(Unlogged(), &static_cast<RocksBatch&>(batch).batch()));
  }

  absl::Status Flush(bool wait) override {
    rocksdb::FlushOptions options;
    options.wait = wait;
    options.allow_write_stall = true;
    return ToStatus(shared_->db->Flush(options, handle_));
  }

 private:
  const std::shared_ptr<Shared> shared_;
  rocksdb::ColumnFamilyHandle* const handle_;  // freed by the store when it closes
};

// An index or filter block of a file must be small against a shard of the cache, or reads push out
// one file's blocks to bring in another's: with files of 64 MiB and the default of 64 shards a get
// from a million rows took 300 times as long.
constexpr uint64_t kFileBytes = 16 << 20;
constexpr int kCacheShardBits = 4;

std::shared_ptr<rocksdb::Cache> NewBlockCache(size_t bytes) {
  return rocksdb::NewLRUCache(bytes, kCacheShardBits, /*strict_capacity_limit=*/false,
                              /*high_pri_pool_ratio=*/0.5);
}

// Memory is bounded for all families together: one cache, which holds indexes and filters too, and
// one budget of memtables. The whole-key filter leaves the timestamp out, so a get of any version
// passes it.
rocksdb::ColumnFamilyOptions FamilyOptions(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.block_size = 8 << 10;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.whole_key_filtering = true;
  table.format_version = 5;
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.comparator = PositionComparator();
  options.compression = rocksdb::kLZ4Compression;
  options.write_buffer_size = 16 << 20;
  options.target_file_size_base = kFileBytes;
  options.max_sequential_skip_in_iterations = 8;
  options.level_compaction_dynamic_level_bytes = true;
  return options;
}

rocksdb::DBOptions DatabaseOptions(const VersionedStoreOptions& options) {
  rocksdb::DBOptions database;
  database.create_if_missing = true;
  database.paranoid_checks = true;
  database.write_buffer_manager =
      std::make_shared<rocksdb::WriteBufferManager>(options.memtable_bytes);
  database.max_background_jobs = 2;
  database.avoid_flush_during_shutdown = !options.flush_on_close;
  database.info_log_level = rocksdb::WARN_LEVEL;
  database.keep_log_file_num = 2;
  return database;
}

absl::Status Damaged(const std::string& path, absl::string_view why) {
  return absl::DataLossError(absl::StrCat(path, " is damaged (", why,
                                          "). It holds only what can be rebuilt from the log: stop "
                                          "the server, delete this directory and start again."));
}

absl::Status OpenError(const std::string& path, const rocksdb::Status& status) {
  const std::string text = status.ToString();
  if (status.IsIOError() && absl::StrContains(text, "lock")) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is in use by another process."));
  }
  if (status.IsInvalidArgument() && absl::StrContains(text, "comparator")) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " holds another kind of database, not views; it is left untouched."));
  }
  return Damaged(path, text);
}

// A directory without CURRENT is new, unless it holds something that a store's creation does not
// leave behind.
absl::StatusOr<bool> IsNew(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot create ", path, ": ", error.message()));
  }
  bool is_new = true;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    const std::string name = entry.path().filename().string();
    if (name == "CURRENT") return false;
    const bool harmless = name == "LOCK" || name == "IDENTITY" || absl::StartsWith(name, "LOG") ||
                          absl::StartsWith(name, "MANIFEST-") ||
                          absl::StartsWith(name, "OPTIONS-") || absl::EndsWith(name, ".dbtmp");
    is_new = is_new && harmless;
  }
  if (error) {
    return absl::FailedPreconditionError(absl::StrCat("cannot read ", path, ": ", error.message()));
  }
  if (!is_new) return Damaged(path, "its CURRENT file is missing");
  return true;
}

class RocksStore final : public VersionedStore {
 public:
  RocksStore(std::shared_ptr<Shared> shared, rocksdb::ColumnFamilyOptions family_options)
      : shared_(std::move(shared)), family_options_(std::move(family_options)) {}

  ~RocksStore() override {
    shared_->gate.CloseAndWait();
    if (identity_ != nullptr) shared_->db->DestroyColumnFamilyHandle(identity_);
    for (auto& [name, family] : families_) shared_->db->DestroyColumnFamilyHandle(family.handle);
    shared_->db->Close().PermitUncheckedError();
    shared_->db.reset();
  }

  // Takes over what RocksDB opened.
  void Adopt(rocksdb::ColumnFamilyHandle* handle) {
    if (handle->GetName() == rocksdb::kDefaultColumnFamilyName) {
      identity_ = handle;
    } else {
      families_[handle->GetName()].handle = handle;
    }
  }

  absl::StatusOr<std::optional<StoreIdentity>> Identity() const override {
    std::string value;
    const rocksdb::Status status =
        shared_->db->Get(rocksdb::ReadOptions(), identity_, kIdentityKey, &value);
    if (status.IsNotFound()) return std::nullopt;
    KITH_RETURN_IF_ERROR(ToStatus(status));
    StoreIdentity identity;
    ByteReader reader(value);
    if (!reader.ReadString(&identity.store_id) || !reader.ReadVarint(&identity.epoch)) {
      return absl::DataLossError("the view store is damaged: its identity does not parse");
    }
    return identity;
  }

  absl::Status SetIdentity(const StoreIdentity& identity) override {
    std::string value;
    AppendString(identity.store_id, &value);
    AppendVarint(identity.epoch, &value);
    KITH_RETURN_IF_ERROR(ToStatus(shared_->db->Put(Unlogged(), identity_, kIdentityKey, value)));
    return ToStatus(shared_->db->Flush(rocksdb::FlushOptions(), identity_));
  }

  std::vector<std::string> FamilyNames() const override {
    std::vector<std::string> names;
    for (const auto& [name, family] : families_) names.push_back(name);
    return names;
  }

  absl::StatusOr<std::shared_ptr<VersionedFamily>> OpenOrCreate(absl::string_view name) override {
    Family& family = families_[std::string(name)];
    if (family.handle == nullptr) {
      KITH_RETURN_IF_ERROR(ToStatus(
          shared_->db->CreateColumnFamily(family_options_, std::string(name), &family.handle)));
    }
    auto opened = std::make_shared<RocksFamily>(shared_, family.handle);
    family.opened = opened;
    return opened;
  }

  absl::Status Drop(absl::string_view name) override {
    const auto found = families_.find(name);
    KITH_CHECK(found != families_.end() && found->second.opened.expired());
    KITH_RETURN_IF_ERROR(ToStatus(shared_->db->DropColumnFamily(found->second.handle)));
    KITH_RETURN_IF_ERROR(ToStatus(shared_->db->DestroyColumnFamilyHandle(found->second.handle)));
    families_.erase(found);
    return absl::OkStatus();
  }

 private:
  struct Family {
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    std::weak_ptr<VersionedFamily> opened;
  };

  const std::shared_ptr<Shared> shared_;
  const rocksdb::ColumnFamilyOptions family_options_;
  rocksdb::ColumnFamilyHandle* identity_ = nullptr;
  absl::btree_map<std::string, Family> families_;
};

}  // namespace

std::string PrefixEnd(absl::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) ++end.back();
  return end;
}

KeyRange KeyRange::Prefix(absl::string_view prefix, Direction direction) {
  return {std::string(prefix), PrefixEnd(prefix), direction};
}

absl::StatusOr<std::unique_ptr<VersionedStore>> VersionedStore::Open(
    const VersionedStoreOptions& options) {
  KITH_ASSIGN_OR_RETURN(const bool is_new, IsNew(options.path));
  const rocksdb::DBOptions database_options = DatabaseOptions(options);
  const rocksdb::ColumnFamilyOptions family_options =
      FamilyOptions(NewBlockCache(options.cache_bytes));

  std::vector<std::string> names = {rocksdb::kDefaultColumnFamilyName};
  if (!is_new) {
    const rocksdb::Status listed =
        rocksdb::DB::ListColumnFamilies(database_options, options.path, &names);
    if (!listed.ok()) return OpenError(options.path, listed);
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const std::string& name : names) {
    const bool is_default = name == rocksdb::kDefaultColumnFamilyName;
    descriptors.emplace_back(name, is_default ? rocksdb::ColumnFamilyOptions() : family_options);
  }
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const rocksdb::Status opened =
      rocksdb::DB::Open(database_options, options.path, descriptors, &handles, &db);
  if (!opened.ok()) return OpenError(options.path, opened);
  auto shared = std::make_shared<Shared>();
  shared->db.reset(db);
  auto store = std::make_unique<RocksStore>(std::move(shared), family_options);
  for (rocksdb::ColumnFamilyHandle* handle : handles) store->Adopt(handle);
  return store;
}

}  // namespace kith::projections
