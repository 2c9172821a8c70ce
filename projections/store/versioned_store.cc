// What the packaged RocksDB 7.8 allows with user-defined timestamps, found by trying:
//  - One writer per family, positions only rising: an older timestamp written after a newer one
//    hides it.
//  - Several families written in one batch are at different positions after a crash; each has its
//    own checkpoint.
//  - Every read names a timestamp whose bytes outlive it, and an iterator's status is checked at
//    its end.
//  - Never: pin_data, row cache, blob files, Merge, PutEntity, WriteBatchWithIndex, hash index,
//    optimistic transactions, atomic_flush, iter_start_ts backwards. The packaged library has
//    assertions on, so several of these abort.
//  - A write to a dropped family stops the whole database unless ignore_missing_column_families is
//    set.
//  - Iterators and handles are freed before the database is closed.
//  - The bounds of an iterator may change before it seeks again, which then heeds the new ones: one
//    iterator serves many ranges, forwards in a family with timestamps, both ways in one without.
//  - Files of sorted keys may be taken in (table_files.h) whose keys the family has, where all
//    their positions are above its own: random histories, flushed and cut short, are read as of
//    every moment (versioned_family_test.cc).
//  - A family with timestamps that is opened with a plain comparator returns raw keys without a
//    word, so a family's name says which of the two it is.
#include "projections/store/versioned_store.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/check.h"
#include "eventstore/base/metrics.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/rocksdb/merge_watch.h"
#include "eventstore/rocksdb/rocks_log.h"
#include "eventstore/rocksdb/rocks_metrics.h"
#include "eventstore/rocksdb/rocks_status.h"
#include "projections/store/rocks_families.h"
#include "projections/store/rocks_index_family.h"
#include "projections/store/table_files.h"
#include "rocksdb/cache.h"
#include "rocksdb/comparator.h"
#include "rocksdb/db.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/table.h"
#include "rocksdb/write_buffer_manager.h"

namespace kith::projections {
namespace {

constexpr char kIdentityKey[] = "identity";

// "deal_list.3.index" has one, "deal_list.3" has none. Any suffix counts, also one of an earlier
// layout: what is no longer wanted must still be opened to be dropped.
bool HasSuffix(absl::string_view family) {
  return std::count(family.begin(), family.end(), '.') > 1;
}

// An index or filter block of a file must be small against a shard of the cache, or reads push out
// one file's blocks to bring in another's: with files of 64 MiB (kTableFileBytes is less) and the
// default of 64 shards a get from a million rows took 300 times as long.
constexpr int kCacheShardBits = 4;

std::shared_ptr<rocksdb::Cache> NewBlockCache(size_t bytes) {
  return rocksdb::NewLRUCache(bytes, kCacheShardBits, /*strict_capacity_limit=*/false,
                              /*high_pri_pool_ratio=*/0.5);
}

// What a family of this name is opened with: rows with versions, or index entries without. Memory
// is bounded for all families together: one cache, which holds indexes and filters too, and one
// budget of memtables. The filter of rows leaves the timestamp out, so a get of any version passes
// it. Index entries are scanned, or asked for where they are, which no filter makes faster.
rocksdb::ColumnFamilyOptions OptionsOf(absl::string_view family,
                                       const std::shared_ptr<rocksdb::Cache>& cache) {
  if (family == rocksdb::kDefaultColumnFamilyName) return rocksdb::ColumnFamilyOptions();
  const bool is_index = HasSuffix(family);
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.block_size = 8 << 10;
  if (!is_index) table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.whole_key_filtering = true;
  table.format_version = 5;
  rocksdb::ColumnFamilyOptions options;
  options.comparator = is_index ? rocksdb::BytewiseComparator() : PositionComparator();
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.compression = rocksdb::kLZ4Compression;
  options.write_buffer_size = 16 << 20;
  options.target_file_size_base = kTableFileBytes;
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
  database.info_log = eventstore::NewRocksLog(options.path);
  return database;
}

absl::Status Damaged(const std::string& path, absl::string_view why) {
  return absl::DataLossError(absl::StrCat(path, " is damaged: ", why));
}

absl::Status OpenError(const std::string& path, const rocksdb::Status& status) {
  const std::string text = status.ToString();
  if (status.IsIOError() && absl::StrContains(text, "lock")) {
    return eventstore::FromLock(status, path);
  }
  if (status.IsInvalidArgument() && absl::StrContains(text, "comparator")) {
    return absl::FailedPreconditionError(
        absl::StrCat(path,
                     " holds another kind of database, not views; it is left untouched. Move it "
                     "away and start again: views are folded anew."));
  }
  // A file is missing, or is not what it was.
  if (status.IsCorruption() || status.IsPathNotFound() || status.IsInvalidArgument()) {
    return Damaged(path, text);
  }
  return absl::UnavailableError(
      absl::StrCat(path, " cannot be opened: ", eventstore::TextOf(status)));
}

// A directory without CURRENT is new, also where a store's creation was cut short in it, unless it
// holds tables of one.
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
    is_new = is_new && !absl::EndsWith(name, ".sst");
  }
  if (error) {
    return absl::FailedPreconditionError(absl::StrCat("cannot read ", path, ": ", error.message()));
  }
  if (!is_new) return Damaged(path, "its CURRENT file is missing");
  return true;
}

// What a process that ended amid its work left there is of no use.
absl::Status MakeEmptyFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (!error) std::filesystem::create_directory(path, error);
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("cannot make ", path, ": ", error.message()));
}

class RocksStore final : public VersionedStore {
 public:
  RocksStore(std::shared_ptr<OpenDatabase> shared, std::shared_ptr<rocksdb::Cache> cache)
      : shared_(std::move(shared)), cache_(std::move(cache)) {}

  ~RocksStore() override {
    shared_->gate.CloseAndWait();
    if (identity_ != nullptr) shared_->db->DestroyColumnFamilyHandle(identity_);
    families_.clear();
    // Snapshots may still hold the others.
    MutexLock lock(shared_->mutex);
    for (auto* const handle : shared_->handles) shared_->db->DestroyColumnFamilyHandle(handle);
    shared_->handles.clear();
    shared_->db->Close().PermitUncheckedError();
    shared_->db.reset();
  }

  // Takes over what RocksDB opened.
  void Adopt(rocksdb::ColumnFamilyHandle* handle) {
    if (handle->GetName() == rocksdb::kDefaultColumnFamilyName) {
      identity_ = handle;
    } else {
      families_[handle->GetName()] = std::make_shared<OpenFamily>(shared_, handle);
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

  // RocksDB writes the options of all families after each call, whatever it makes.
  absl::Status CreateMissing(const std::vector<std::string>& names) override {
    std::vector<rocksdb::ColumnFamilyDescriptor> missing;
    for (const std::string& name : names) {
      if (!families_.contains(name)) missing.emplace_back(name, OptionsOf(name, cache_));
    }
    if (missing.empty()) return absl::OkStatus();
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    const rocksdb::Status created = shared_->db->CreateColumnFamilies(missing, &handles);
    for (rocksdb::ColumnFamilyHandle* handle : handles) Adopt(handle);  // also where some failed
    return ToStatus(created);
  }

  absl::StatusOr<std::shared_ptr<VersionedFamily>> OpenOrCreate(absl::string_view name) override {
    KITH_CHECK(!HasSuffix(name));
    return OpenAs<RocksVersionedFamily>(std::string(name));
  }

  absl::StatusOr<std::shared_ptr<IndexFamily>> OpenOrCreateIndex(absl::string_view name) override {
    KITH_CHECK(HasSuffix(name));
    return OpenAs<RocksIndexFamily>(std::string(name));
  }

  absl::Status Drop(absl::string_view name) override {
    const auto found = families_.find(name);
    KITH_CHECK(found != families_.end());
    KITH_RETURN_IF_ERROR(ToStatus(shared_->db->DropColumnFamily(found->second->handle())));
    families_.erase(found);
    return absl::OkStatus();
  }

  // Does nothing where nothing failed. What cannot be mended fails again by itself.
  void Resume() override { shared_->db->Resume().PermitUncheckedError(); }

 private:
  template <class RocksFamily>
  absl::StatusOr<std::shared_ptr<RocksFamily>> OpenAs(const std::string& name) {
    std::shared_ptr<OpenFamily>& family = families_[name];
    if (family == nullptr) {
      rocksdb::ColumnFamilyHandle* handle = nullptr;
      const rocksdb::Status created =
          shared_->db->CreateColumnFamily(OptionsOf(name, cache_), name, &handle);
      if (!created.ok()) {
        families_.erase(name);
        return ToStatus(created);
      }
      family = std::make_shared<OpenFamily>(shared_, handle);
    }
    return std::make_shared<RocksFamily>(family);
  }

  const std::shared_ptr<OpenDatabase> shared_;
  const std::shared_ptr<rocksdb::Cache> cache_;
  rocksdb::ColumnFamilyHandle* identity_ = nullptr;
  absl::btree_map<std::string, std::shared_ptr<OpenFamily>> families_;
  const MetricSource metrics_{[this](MetricPage& page) {
    const ReadGate::Pass pass(shared_->gate);
    if (pass) eventstore::AddRocksMetrics("views", *shared_->db, *cache_, page);
  }};
};

// Removes what RocksDB made there, and nothing else.
absl::Status Empty(const std::string& path) {
  rocksdb::Options options;
  options.info_log = eventstore::NewRocksLog(path);  // or it would write one there
  const rocksdb::Status removed = rocksdb::DestroyDB(path, options);
  if (removed.ok()) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat(path, " is damaged and cannot be emptied: ", removed.ToString()));
}

// What merging a family's files meets is its own: writes to the others go on.
std::shared_ptr<rocksdb::EventListener> WatchMerges(OpenDatabase& database) {
  using eventstore::MergeWatch;
  return std::make_shared<MergeWatch>(MergeWatch::Writes::kGoOn,
                                      [&database](const MergeWatch::Damage& damage) {
                                        if (!damage.family.has_value()) return;
                                        MutexLock lock(database.mutex);
                                        database.damage[*damage.family] = ToStatus(damage.status);
                                      });
}

absl::StatusOr<std::unique_ptr<VersionedStore>> OpenAsIs(const VersionedStoreOptions& options) {
  KITH_ASSIGN_OR_RETURN(const bool is_new, IsNew(options.path));
  auto shared = std::make_shared<OpenDatabase>();
  shared->sorting_folder = options.path + "/sorting";
  shared->sorted_batch_bytes = options.sorted_batch_bytes;
  rocksdb::DBOptions database_options = DatabaseOptions(options);
  database_options.listeners.push_back(WatchMerges(*shared));
  const std::shared_ptr<rocksdb::Cache> cache = NewBlockCache(options.cache_bytes);

  std::vector<std::string> names = {rocksdb::kDefaultColumnFamilyName};
  if (!is_new) {
    const rocksdb::Status listed =
        rocksdb::DB::ListColumnFamilies(database_options, options.path, &names);
    if (!listed.ok()) return OpenError(options.path, listed);
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const std::string& name : names) {
    descriptors.emplace_back(name, OptionsOf(name, cache));
  }
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const rocksdb::Status opened =
      rocksdb::DB::Open(database_options, options.path, descriptors, &handles, &db);
  if (!opened.ok()) return OpenError(options.path, opened);
  shared->db.reset(db);
  const std::string sorting_folder = shared->sorting_folder;
  auto store = std::make_unique<RocksStore>(std::move(shared), cache);
  for (rocksdb::ColumnFamilyHandle* handle : handles) store->Adopt(handle);
  KITH_RETURN_IF_ERROR(MakeEmptyFolder(sorting_folder));
  KITH_RETURN_IF_ERROR(store->Identity().status());
  return store;
}

}  // namespace

absl::StatusOr<std::unique_ptr<VersionedStore>> VersionedStore::Open(
    const VersionedStoreOptions& options, absl::Status* damage) {
  auto store = OpenAsIs(options);
  if (damage == nullptr || !absl::IsDataLoss(store.status())) return store;
  *damage = store.status();
  KITH_RETURN_IF_ERROR(Empty(options.path));
  return OpenAsIs(options);
}

}  // namespace kith::projections
