#include "projections/store/rocks_families.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/rocksdb/rocks_status.h"
#include "kith/type/v1/errors.pb.h"
#include "projections/store/table_files.h"
#include "projections/store/word_sort.h"
#include "rocksdb/convenience.h"

namespace kith::projections {
namespace {

using eventstore::Direction;
using eventstore::ReadTier;

constexpr Position kUnversioned{0};          // below every event, so every read sees it
constexpr size_t kKeptBatchBytes = 1 << 20;  // of memory that a batch keeps for what it takes next

// A position as RocksDB's built-in u64 timestamp has it: little endian.
class Timestamp {
 public:
  explicit Timestamp(Position position) { StoreFixed64(position.value(), bytes_); }
  rocksdb::Slice slice() const { return {bytes_, sizeof(bytes_)}; }

 private:
  char bytes_[8];
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
  // A batch keeps the memory that it once took: what a fold from the beginning gathered would stay.
  void Clear() override {
    if (bytes() > kKeptBatchBytes) {
      batch_ = Empty();
    } else {
      batch_.Clear();
    }
  }

  rocksdb::WriteBatch& batch() { return batch_; }

 private:
  static rocksdb::WriteBatch Empty() {
    return rocksdb::WriteBatch(0, 0, 0, /*default_cf_ts_sz=*/8);  // the bytes of a timestamp
  }

  rocksdb::ColumnFamilyHandle* handle_;
  rocksdb::WriteBatch batch_ = Empty();
};

// What a batch writes, in the order of a file. Borrows its bytes.
class SortedWrites final : public rocksdb::WriteBatch::Handler {
 public:
  rocksdb::Status PutCF(uint32_t, const rocksdb::Slice& key, const rocksdb::Slice& value) override {
    Add(key, value, /*is_put=*/true);
    return rocksdb::Status::OK();
  }
  rocksdb::Status DeleteCF(uint32_t, const rocksdb::Slice& key) override {
    Add(key, {}, /*is_put=*/false);
    return rocksdb::Status::OK();
  }

  absl::Status PutInto(TableFiles& files) {
    // Newer versions of a key come before older ones.
    SortByWords(
        places_.data(), places_.data() + places_.size(),
        [](const Place& place) { return absl::string_view(place.key, place.key_bytes); },
        [this](const Place& a, const Place& b) {
          const Position at = writes_[a.number].at;
          const Position other = writes_[b.number].at;
          return at != other ? at > other : a.number > b.number;
        });
    const OneWrite* last = nullptr;
    for (const Place& place : places_) {
      const OneWrite& write = writes_[place.number];
      // Of several at one position the last one counts.
      if (last != nullptr && last->at == write.at && last->key == write.key) continue;
      last = &write;
      const Timestamp at(write.at);
      KITH_RETURN_IF_ERROR(write.is_put ? files.Put(write.key, at.slice(), write.value)
                                        : files.Delete(write.key, at.slice()));
    }
    return absl::OkStatus();
  }

 private:
  struct OneWrite {
    rocksdb::Slice key;
    Position at;
    rocksdb::Slice value;
    bool is_put;
  };
  // What is sorted in their place, being small.
  struct Place {
    uint64_t word;
    const char* key;
    uint32_t key_bytes;
    uint32_t number;  // of the write
  };

  // Keys in a batch end in their timestamp.
  void Add(const rocksdb::Slice& key, const rocksdb::Slice& value, bool is_put) {
    const size_t size = key.size() - sizeof(uint64_t);
    places_.push_back(
        {0, key.data(), static_cast<uint32_t>(size), static_cast<uint32_t>(writes_.size())});
    writes_.push_back(
        {{key.data(), size}, Position(LoadFixed64(key.data() + size)), value, is_put});
  }

  std::vector<OneWrite> writes_;
  std::vector<Place> places_;
};

}  // namespace

rocksdb::WriteOptions Unlogged() {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  options.ignore_missing_column_families = true;
  return options;
}

absl::Status ToStatus(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  if (status.IsIncomplete()) return absl::UnavailableError("not in memory");
  if (status.IsCorruption()) {
    return absl::DataLossError(absl::StrCat("the view store is damaged: ", status.ToString()));
  }
  return absl::UnavailableError(
      absl::StrCat("the view store failed: ", eventstore::TextOf(status)));
}

absl::Status ClosedError() {
  return Error(type::v1::ERROR_SHUTTING_DOWN, "The server is shutting down.");
}

OpenFamily::OpenFamily(std::shared_ptr<OpenDatabase> database, rocksdb::ColumnFamilyHandle* handle)
    : database_(std::move(database)), handle_(handle) {
  MutexLock lock(database_->mutex);
  database_->handles.insert(handle_);
}

OpenFamily::~OpenFamily() {
  MutexLock lock(database_->mutex);
  if (database_->handles.erase(handle_) == 0) return;  // the database is closed
  database_->db->DestroyColumnFamilyHandle(handle_).PermitUncheckedError();
}

absl::Status OpenFamily::Damage() const {
  MutexLock lock(database_->mutex);
  const auto found = database_->damage.find(handle_->GetID());
  return found == database_->damage.end() ? absl::OkStatus() : found->second;
}

KeyCursor::KeyCursor(OpenDatabase& database, rocksdb::ColumnFamilyHandle* handle, KeyRange range,
                     rocksdb::ReadOptions options)
    : database_(database), range_(std::move(range)), from_(range_.from), to_(range_.to) {
  options.iterate_lower_bound = &from_;
  if (!range_.to.empty()) options.iterate_upper_bound = &to_;
  iterator_.reset(database_.db->NewIterator(options, handle));
}

void KeyCursor::GoTo(KeyRange range) {
  KITH_CHECK(!range.to.empty() && !range_.to.empty());  // or it would be bounded by nothing
  range_ = std::move(range);
  from_ = range_.from;
  to_ = range_.to;
  begun_ = false;
}

bool KeyCursor::Next() {
  closed_ = database_.gate.closing();
  if (closed_) return false;
  const bool forwards = range_.direction == Direction::kForwards;
  if (begun_) {
    forwards ? iterator_->Next() : iterator_->Prev();
  } else if (range_.to.empty() || range_.from < range_.to) {
    forwards ? iterator_->Seek(from_) : iterator_->SeekToLast();
  } else {
    return false;  // where it was before is no key of this range
  }
  begun_ = true;
  return iterator_->Valid();
}

absl::Status KeyCursor::status() const {
  return closed_ ? ClosedError() : ToStatus(iterator_->status());
}

absl::Status FlushFamily(OpenDatabase& database, rocksdb::ColumnFamilyHandle* handle, bool wait) {
  rocksdb::FlushOptions options;
  options.wait = wait;
  options.allow_write_stall = true;
  rocksdb::Status status = database.db->Flush(options, handle);
  if (status.IsTryAgain()) {
    // Writes are stopped until flushes under way have ended, and only who waits is let in.
    options.wait = true;
    status = database.db->Flush(options, handle);
  }
  return ToStatus(status);
}

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

absl::StatusOr<std::optional<std::string>> RocksVersionedFamily::Get(absl::string_view key,
                                                                     Position at,
                                                                     ReadTier tier) const {
  const ReadGate::Pass pass(database_->gate);
  if (!pass) return ClosedError();
  const Timestamp timestamp(at);
  const rocksdb::Slice slice = timestamp.slice();
  rocksdb::ReadOptions options;
  options.timestamp = &slice;
  if (tier == ReadTier::kMemory) options.read_tier = rocksdb::kBlockCacheTier;
  std::string value;
  const rocksdb::Status status = database_->db->Get(options, handle_, SliceOf(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  KITH_RETURN_IF_ERROR(ToStatus(status));
  return value;
}

absl::Status RocksVersionedFamily::ScanEach(absl::Span<const KeyRange> ranges, Position at,
                                            KeysVisitor visit) const {
  const ReadGate::Pass pass(database_->gate);
  if (!pass) return ClosedError();
  if (ranges.empty()) return absl::OkStatus();
  const Timestamp timestamp(at);
  const rocksdb::Slice slice = timestamp.slice();
  rocksdb::ReadOptions options;
  options.timestamp = &slice;
  KeyCursor cursor(*database_, handle_, ranges.front(), options);
  for (size_t i = 0; i < ranges.size(); ++i) {
    if (i > 0) cursor.GoTo(ranges[i]);
    Visiting next = Visiting::kGoOn;
    while (next == Visiting::kGoOn && cursor.Next()) next = visit(i, cursor.key(), cursor.value());
    if (next == Visiting::kEnd) return absl::OkStatus();
    if (next == Visiting::kGoOn) KITH_RETURN_IF_ERROR(cursor.status());
  }
  return absl::OkStatus();
}

std::unique_ptr<VersionedBatch> RocksVersionedFamily::NewBatch() {
  return std::make_unique<RocksBatch>(handle_);
}

absl::Status RocksVersionedFamily::Write(VersionedBatch& batch) {
  rocksdb::WriteBatch& writes = static_cast<RocksBatch&>(batch).batch();
  if (writes.GetDataSize() < database_->sorted_batch_bytes) {
    return ToStatus(database_->db->Write(Unlogged(), &writes));
  }
  SortedWrites sorted;
  KITH_RETURN_IF_ERROR(ToStatus(writes.Iterate(&sorted)));
  TableFiles files(*database_, handle_);
  KITH_RETURN_IF_ERROR(sorted.PutInto(files));
  KITH_RETURN_IF_ERROR(files.End());
  return TableFiles::TakeIn({&files});
}

absl::Status RocksVersionedFamily::Flush(bool wait) {
  return FlushFamily(*database_, handle_, wait);
}

}  // namespace kith::projections
