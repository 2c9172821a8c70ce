#include "projections/tables/rocks_families.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"
#include "rocksdb/convenience.h"

namespace kith::projections {
namespace {

using eventstore::Direction;
using eventstore::ReadTier;

constexpr Position kUnversioned{0};  // below every event, so every read sees it
// Persisted: the key of a current family's checkpoint. No entry begins with a zero byte.
constexpr absl::string_view kCurrentCheckpointKey("\0c", 2);

rocksdb::Slice SliceOf(absl::string_view bytes) { return {bytes.data(), bytes.size()}; }
absl::string_view ViewOf(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

absl::Status ClosedError() {
  return Error(type::v1::ERROR_SHUTTING_DOWN, "The server is shutting down.");
}

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
  void Clear() override { batch_.Clear(); }

  rocksdb::WriteBatch& batch() { return batch_; }

 private:
  rocksdb::ColumnFamilyHandle* handle_;
  rocksdb::WriteBatch batch_{0, 0, 0, 8};  // 8: the bytes of a timestamp
};

// Visits the keys of a range; the database is kept open by a pass that the caller holds.
absl::Status ScanFamily(OpenDatabase& database, rocksdb::ColumnFamilyHandle* handle,
                        const KeyRange& range, rocksdb::ReadOptions options, KeyVisitor visit) {
  if (!range.to.empty() && range.from >= range.to) return absl::OkStatus();
  const rocksdb::Slice from(range.from), to(range.to);
  options.iterate_lower_bound = &from;
  if (!range.to.empty()) options.iterate_upper_bound = &to;
  const std::unique_ptr<rocksdb::Iterator> at_key(database.db->NewIterator(options, handle));
  const bool forwards = range.direction == Direction::kForwards;
  for (forwards ? at_key->Seek(from) : at_key->SeekToLast(); at_key->Valid();
       forwards ? at_key->Next() : at_key->Prev()) {
    if (database.gate.closing()) return ClosedError();
    if (!visit(ViewOf(at_key->key()), ViewOf(at_key->value()))) return absl::OkStatus();
  }
  return ToStatus(at_key->status());
}

absl::Status FlushFamily(OpenDatabase& database, rocksdb::ColumnFamilyHandle* handle, bool wait) {
  rocksdb::FlushOptions options;
  options.wait = wait;
  options.allow_write_stall = true;
  return ToStatus(database.db->Flush(options, handle));
}

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
  return absl::UnavailableError(absl::StrCat("the view store failed: ", status.ToString()));
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

absl::Status RocksVersionedFamily::Scan(const KeyRange& range, Position at,
                                        KeyVisitor visit) const {
  const ReadGate::Pass pass(database_->gate);
  if (!pass) return ClosedError();
  const Timestamp timestamp(at);
  const rocksdb::Slice slice = timestamp.slice();
  rocksdb::ReadOptions options;
  options.timestamp = &slice;
  return ScanFamily(*database_, handle_, range, options, visit);
}

std::unique_ptr<VersionedBatch> RocksVersionedFamily::NewBatch() {
  return std::make_unique<RocksBatch>(handle_);
}

absl::Status RocksVersionedFamily::Write(VersionedBatch& batch) {
  return ToStatus(database_->db->Write(Unlogged(), &static_cast<RocksBatch&>(batch).batch()));
}

absl::Status RocksVersionedFamily::Flush(bool wait) {
  return FlushFamily(*database_, handle_, wait);
}

absl::StatusOr<Position> RocksCurrentFamily::Checkpoint() const {
  const ReadGate::Pass pass(database_->gate);
  if (!pass) return ClosedError();
  std::string value;
  const rocksdb::Status status =
      database_->db->Get(rocksdb::ReadOptions(), handle_, SliceOf(kCurrentCheckpointKey), &value);
  if (status.IsNotFound()) return Position();
  KITH_RETURN_IF_ERROR(ToStatus(status));
  ByteReader reader(value);
  uint64_t position = 0;
  if (!reader.ReadVarint(&position)) return absl::DataLossError("a checkpoint does not parse");
  return Position(position);
}

absl::Status RocksCurrentFamily::Scan(const KeyRange& range,
                                      absl::FunctionRef<bool(absl::string_view)> visit) const {
  const ReadGate::Pass pass(database_->gate);
  if (!pass) return ClosedError();
  return ScanFamily(*database_, handle_, range, rocksdb::ReadOptions(),
                    [&](absl::string_view entry, absl::string_view) { return visit(entry); });
}

absl::Status RocksCurrentFamily::Write(const CurrentChanges& changes, Position checkpoint) {
  rocksdb::WriteBatch batch;
  for (const auto& [entry, added] : changes.entries()) {
    KITH_CHECK(!entry.empty() && entry[0] != '\0');
    KITH_CHECK((added ? batch.Put(handle_, entry, "") : batch.Delete(handle_, entry)).ok());
  }
  std::string value;
  AppendVarint(checkpoint.value(), &value);
  KITH_CHECK(batch.Put(handle_, SliceOf(kCurrentCheckpointKey), value).ok());
  return ToStatus(database_->db->Write(Unlogged(), &batch));
}

absl::Status RocksCurrentFamily::Flush(bool wait) { return FlushFamily(*database_, handle_, wait); }

}  // namespace kith::projections
