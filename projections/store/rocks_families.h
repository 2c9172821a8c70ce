// What a RocksDB column family with versions is made into, and what it shares with an IndexFamily,
// which is one without. The inside of versioned_store.cc; nobody else includes it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/read_gate.h"
#include "projections/store/key_range.h"
#include "projections/store/versioned_store.h"
#include "rocksdb/comparator.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "rocksdb/write_batch.h"

namespace kith::projections {

// What the families of an open store share; it outlives the database, which the gate guards.
struct OpenDatabase {
  std::unique_ptr<rocksdb::DB> db;
  ReadGate gate;
  Mutex mutex;
  // Those that are not freed yet.
  absl::flat_hash_set<rocksdb::ColumnFamilyHandle*> handles KITH_GUARDED_BY(mutex);
  // Where files are made that are to become the database's.
  std::string sorting_folder;
  std::atomic<uint64_t> next_file{1};  // in it
  size_t sorted_batch_bytes = 0;       // as VersionedStoreOptions has it
  // What merging files met, by the id of the family; none ever has the id of another.
  absl::flat_hash_map<uint32_t, absl::Status> damage KITH_GUARDED_BY(mutex);
};

// A column family that is in use. Its handle is freed with it, or before the database is closed.
class OpenFamily {
 public:
  OpenFamily(std::shared_ptr<OpenDatabase> database, rocksdb::ColumnFamilyHandle* handle);
  ~OpenFamily();
  OpenFamily(const OpenFamily&) = delete;
  OpenFamily& operator=(const OpenFamily&) = delete;

  OpenDatabase& database() const { return *database_; }
  // Only with a pass of the gate, or by the store.
  rocksdb::ColumnFamilyHandle* handle() const { return handle_; }
  absl::Status Damage() const;

 private:
  const std::shared_ptr<OpenDatabase> database_;
  rocksdb::ColumnFamilyHandle* const handle_;
};

// How everything is written to a store of views: without a write-ahead log.
rocksdb::WriteOptions Unlogged();
absl::Status ToStatus(const rocksdb::Status& status);
absl::Status ClosedError();

inline rocksdb::Slice SliceOf(absl::string_view bytes) { return {bytes.data(), bytes.size()}; }
inline absl::string_view ViewOf(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

// Walks the keys of a range, and of others after it, as they are when it is made. The caller holds
// a pass of the gate, and outlives what the options point to.
class KeyCursor {
 public:
  KeyCursor(OpenDatabase& database, rocksdb::ColumnFamilyHandle* handle, KeyRange range,
            rocksdb::ReadOptions options);
  KeyCursor(const KeyCursor&) = delete;  // the iterator points into it
  KeyCursor& operator=(const KeyCursor&) = delete;

  // Turns to another range. Both have an end.
  void GoTo(KeyRange range);
  // Goes to the first key, then to each that follows. False at the end, on an error, and once the
  // gate closes: status() tells.
  bool Next();
  absl::string_view key() const { return ViewOf(iterator_->key()); }
  absl::string_view value() const { return ViewOf(iterator_->value()); }
  absl::Status status() const;

 private:
  OpenDatabase& database_;
  KeyRange range_;
  // What bounds the iterator, which looks at them whenever it seeks.
  rocksdb::Slice from_;
  rocksdb::Slice to_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
  bool begun_ = false;
  bool closed_ = false;
};

absl::Status FlushFamily(OpenDatabase& database, rocksdb::ColumnFamilyHandle* handle, bool wait);

// The comparator of versioned families: the library's, registered by it under its name, so that
// RocksDB's own tools can open the directory.
const rocksdb::Comparator* PositionComparator();

class RocksVersionedFamily final : public VersionedFamily {
 public:
  explicit RocksVersionedFamily(std::shared_ptr<OpenFamily> family)
      : family_(std::move(family)), database_(&family_->database()), handle_(family_->handle()) {}

  absl::StatusOr<std::optional<std::string>> Get(absl::string_view key, Position at,
                                                 eventstore::ReadTier tier) const override;
  absl::Status ScanEach(absl::Span<const KeyRange> ranges, Position at,
                        KeysVisitor visit) const override;
  std::unique_ptr<VersionedBatch> NewBatch() override;
  absl::Status Write(VersionedBatch& batch) override;
  absl::Status Flush(bool wait) override;
  absl::Status Damage() const override { return family_->Damage(); }

 private:
  const std::shared_ptr<OpenFamily> family_;
  OpenDatabase* const database_;
  rocksdb::ColumnFamilyHandle* const handle_;
};

}  // namespace kith::projections
