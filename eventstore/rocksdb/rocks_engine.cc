#include "eventstore/rocksdb/rocks_engine.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/log.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/read_gate.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/keys.h"
#include "eventstore/rocksdb/durable_mark.h"
#include "eventstore/rocksdb/merge_watch.h"
#include "eventstore/rocksdb/rocks_database.h"
#include "eventstore/rocksdb/rocks_metrics.h"
#include "eventstore/rocksdb/rocks_status.h"
#include "eventstore/rocksdb/settled_file.h"
#include "eventstore/rocksdb/wal_end.h"
#include "rocksdb/iterator.h"
#include "rocksdb/write_batch.h"

namespace kith::eventstore {
namespace {

rocksdb::Slice ToSlice(absl::string_view bytes) {
  return rocksdb::Slice(bytes.data(), bytes.size());
}
absl::string_view ToView(const rocksdb::Slice& slice) {
  return absl::string_view(slice.data(), slice.size());
}

// The first key after all that begin with `prefix`; empty when there is none.
std::string AfterPrefix(absl::string_view prefix) {
  std::string after(prefix);
  while (!after.empty() && after.back() == '\xff') after.pop_back();
  if (!after.empty()) ++after.back();
  return after;
}

absl::Status Reopening() {
  return absl::UnavailableError(
      "the log is being opened again after a failed write: try again later");
}

class RocksBatch final : public EngineBatch {
 public:
  // The families of the database the batch is for; another after each Reopen.
  RocksBatch(const std::unique_ptr<RocksDatabase>& database, const std::string& stamp)
      : database_(database), stamp_(stamp) {
    Clear();
  }

  void Put(Table table, absl::string_view key, absl::string_view value) override {
    batch_.Put(database_->family(table), ToSlice(key), ToSlice(value));
  }
  void Clear() override {
    batch_.Clear();
    batch_.PutLogData(stamp_);
  }
  rocksdb::WriteBatch& batch() { return batch_; }

 private:
  const std::unique_ptr<RocksDatabase>& database_;
  const std::string& stamp_;
  rocksdb::WriteBatch batch_;
};

class RocksEngine final : public Engine {
 public:
  explicit RocksEngine(const RocksEngineOptions& options)
      : options_(options),
        path_(absl::StrCat(options.data_dir, "/log")),
        mark_path_(MarkPath(options.data_dir)),
        settled_(absl::StrCat(options.data_dir, "/settled")),
        cache_(rocksdb::NewLRUCache(options.cache_bytes)),
        memtables_(std::make_shared<rocksdb::WriteBufferManager>(options.memtable_bytes)),
        watch_(std::make_shared<MergeWatch>(
            MergeWatch::Writes::kRefused,
            [this](const MergeWatch::Damage& damage) { NoteDamage(damage); })) {}

  absl::Status Open(Random& random) {
    stamp_ = random.Bytes(kWalStampBytes);
    KITH_ASSIGN_OR_RETURN(const bool exists, InspectLog(options_, path_));
    if (!exists) KITH_RETURN_IF_ERROR(CreateLog(options_, path_, random));
    KITH_RETURN_IF_ERROR(OpenDatabase());
    KITH_ASSIGN_OR_RETURN(const uint64_t format, ReadMetaNumber(kMetaFormat));
    if (format != kLogFormat) {
      return absl::FailedPreconditionError(absl::StrCat(path_, " has format ", format,
                                                        "; this Kith reads format ", kLogFormat,
                                                        ": use the newer Kith that wrote it"));
    }
    KITH_ASSIGN_OR_RETURN(const auto store, Get(Table::kMeta, kMetaStore, ReadTier::kDisk));
    store_id_ = store.value_or("");
    KITH_ASSIGN_OR_RETURN(epoch_, ReadMetaNumber(kMetaEpoch));
    return absl::OkStatus();
  }

  const std::string& store_id() const override { return store_id_; }
  uint64_t epoch() const override { return epoch_; }

  std::unique_ptr<EngineBatch> NewBatch() override {
    return std::make_unique<RocksBatch>(database_, stamp_);
  }

  absl::Status Commit(EngineBatch& batch) override {
    if (database_ == nullptr) return Reopening();
    rocksdb::WriteOptions synced;
    synced.sync = true;
    return FromRocks(database_->db().Write(synced, &static_cast<RocksBatch&>(batch).batch()),
                     "writing the log");
  }

  absl::StatusOr<std::optional<std::string>> Get(Table table, absl::string_view key,
                                                 ReadTier tier) const override {
    const ReadGate::Pass pass(gate_);
    if (!pass) return Reopening();
    std::string value;
    const rocksdb::Status status =
        database_->db().Get(ReadOptionsFor(tier), database_->family(table), ToSlice(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    KITH_RETURN_IF_ERROR(FromRocks(status, "reading the log"));
    return value;
  }

  absl::Status Scan(const ScanRange& range, ReadTier tier, Visitor visit) const override {
    const ReadGate::Pass pass(gate_);
    if (!pass) return Reopening();
    const std::string after = AfterPrefix(range.prefix);
    const rocksdb::Slice upper = after;
    const rocksdb::Slice lower = ToSlice(range.prefix);
    rocksdb::ReadOptions options = ReadOptionsFor(tier);
    const bool forwards = range.direction == Direction::kForwards;
    if (forwards && !after.empty()) options.iterate_upper_bound = &upper;
    if (!forwards && !range.prefix.empty()) options.iterate_lower_bound = &lower;
    // Only scans within one tag may use the filter over tags.
    options.total_order_seek = range.table != Table::kTags || range.prefix.size() < kTagPrefixBytes;
    const std::unique_ptr<rocksdb::Iterator> at(
        database_->db().NewIterator(options, database_->family(range.table)));
    if (forwards) {
      at->Seek(ToSlice(range.start));
    } else {
      at->SeekForPrev(ToSlice(range.start));
    }
    while (at->Valid() && absl::StartsWith(ToView(at->key()), range.prefix) &&
           visit(ToView(at->key()), ToView(at->value()))) {
      forwards ? at->Next() : at->Prev();
    }
    return FromRocks(at->status(), "reading the log");
  }

  absl::Status Reopen() override {
    // Once closed it cannot be read until it is open again.
    KITH_ASSIGN_OR_RETURN(const uint64_t free, FreeBytes());
    if (free < kRoomToOpenBytes) {
      return absl::UnavailableError(absl::StrCat(
          "only ", free, " bytes are free, and opening the log may take ", kRoomToOpenBytes));
    }
    gate_.CloseAndWait();
    database_.reset();
    return OpenDatabase();
  }

  absl::Status Damage() const override {
    if (!damaged_.load(std::memory_order_acquire)) return absl::OkStatus();
    MutexLock lock(damage_mutex_);
    return damage_;
  }

  absl::StatusOr<uint64_t> FreeBytes() const override {
    struct statvfs space;
    if (statvfs(options_.data_dir.c_str(), &space) != 0) {
      return absl::UnavailableError(
          absl::StrCat("cannot tell the free space of ", options_.data_dir));
    }
    const uint64_t free = uint64_t{space.f_bavail} * space.f_frsize;
    return free - std::min<uint64_t>(free, memtables_->memory_usage());
  }

  absl::StatusOr<Position> ReadMark() const override {
    return ReadDurableMark(mark_path_, store_id_);
  }
  absl::Status WriteMark(Position position) override {
    return WriteDurableMark(mark_path_, store_id_, position);
  }
  absl::StatusOr<absl::Time> ReadSettled() override { return settled_.Read(); }
  absl::Status WriteSettled(absl::Time time) override { return settled_.Write(time); }

 private:
  static rocksdb::ReadOptions ReadOptionsFor(ReadTier tier) {
    rocksdb::ReadOptions options;
    if (tier == ReadTier::kMemory) options.read_tier = rocksdb::kBlockCacheTier;
    return options;
  }

  absl::Status OpenDatabase() {
    KITH_ASSIGN_OR_RETURN(database_,
                          RocksDatabase::Open(options_, path_, cache_, memtables_, watch_));
    gate_.Open();
    return absl::OkStatus();
  }

  // On a thread of RocksDB's. The first is enough: opening it again, or merging it, meets it again.
  void NoteDamage(const MergeWatch::Damage& damage) KITH_EXCLUDES(damage_mutex_) {
    {
      MutexLock lock(damage_mutex_);
      if (!damage_.ok()) return;
      damage_ = FromRocks(damage.status, absl::StrCat("merging files of ", path_));
      damaged_.store(true, std::memory_order_release);
    }
    Log(LogLevel::kError,
        "a file of the log is damaged, and no changes are taken any more: stop kithd, and restore "
        "the data directory from a backup, all of it",
        {{"database", path_}, {"file", damage.files}}, {{"error", damage.status.ToString()}});
  }

  absl::StatusOr<uint64_t> ReadMetaNumber(absl::string_view key) const {
    KITH_ASSIGN_OR_RETURN(const auto value, Get(Table::kMeta, key, ReadTier::kDisk));
    absl::string_view bytes = value.has_value() ? absl::string_view(*value) : absl::string_view();
    const auto number = TakeVarint(&bytes);
    if (!number.has_value()) {
      return absl::DataLossError(absl::StrCat(path_, " is damaged: its table meta has no ", key));
    }
    return *number;
  }

  const RocksEngineOptions options_;
  const std::string path_;
  const std::string mark_path_;
  SettledFile settled_;
  const std::shared_ptr<rocksdb::Cache> cache_;
  const std::shared_ptr<rocksdb::WriteBufferManager> memtables_;
  const std::shared_ptr<MergeWatch> watch_;
  mutable Mutex damage_mutex_;
  absl::Status damage_ KITH_GUARDED_BY(damage_mutex_);
  std::atomic<bool> damaged_{false};         // damage_ is not OK
  mutable ReadGate gate_{false};             // open while the database is
  std::unique_ptr<RocksDatabase> database_;  // null while a Reopen has failed
  std::string stamp_;                        // of every batch: wal_end.h
  std::string store_id_;
  uint64_t epoch_ = 0;
  const MetricSource metrics_{[this](MetricPage& page) {
    const ReadGate::Pass pass(gate_);
    if (pass) AddRocksMetrics("log", database_->db(), *cache_, page);
  }};
};

}  // namespace

uint64_t RoomToOpen(const std::string& data_dir) {
  uint64_t bytes = kRoomToOpenBytes;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(data_dir + "/log", error)) {
    std::error_code unreadable;
    const uint64_t size =
        entry.path().extension() == ".log" ? entry.file_size(unreadable) : uint64_t{0};
    if (!unreadable) bytes += size;
  }
  return bytes;
}

absl::StatusOr<std::unique_ptr<Engine>> OpenRocksEngine(const RocksEngineOptions& options,
                                                        Random& random) {
  auto engine = std::make_unique<RocksEngine>(options);
  KITH_RETURN_IF_ERROR(engine->Open(random));
  return engine;
}

}  // namespace kith::eventstore
