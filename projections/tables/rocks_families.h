// What a RocksDB column family is made into: a VersionedFamily, or a CurrentFamily without
// versions. The inside of versioned_store.cc; nobody else includes it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "eventstore/base/read_gate.h"
#include "projections/tables/current_family.h"
#include "projections/tables/versioned_store.h"
#include "rocksdb/comparator.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "rocksdb/write_batch.h"

namespace kith::projections {

// What the families of an open store share; it outlives the database, which the gate guards.
struct OpenDatabase {
  std::unique_ptr<rocksdb::DB> db;
  ReadGate gate;
};

// How everything is written to a store of views: without a write-ahead log.
rocksdb::WriteOptions Unlogged();
absl::Status ToStatus(const rocksdb::Status& status);

// The comparator of versioned families: the library's, registered by it under its name, so that
// RocksDB's own tools can open the directory.
const rocksdb::Comparator* PositionComparator();

class RocksVersionedFamily final : public VersionedFamily {
 public:
  // The handle is the store's and stays open until the gate is closed.
  RocksVersionedFamily(std::shared_ptr<OpenDatabase> database, rocksdb::ColumnFamilyHandle* handle)
      : database_(std::move(database)), handle_(handle) {}

  absl::StatusOr<std::optional<std::string>> Get(absl::string_view key, Position at,
                                                 eventstore::ReadTier tier) const override;
  absl::Status Scan(const KeyRange& range, Position at, KeyVisitor visit) const override;
  std::unique_ptr<VersionedBatch> NewBatch() override;
  absl::Status Write(VersionedBatch& batch) override;
  absl::Status Flush(bool wait) override;

 private:
  const std::shared_ptr<OpenDatabase> database_;
  rocksdb::ColumnFamilyHandle* const handle_;
};

class RocksCurrentFamily final : public CurrentFamily {
 public:
  RocksCurrentFamily(std::shared_ptr<OpenDatabase> database, rocksdb::ColumnFamilyHandle* handle)
      : database_(std::move(database)), handle_(handle) {}

  absl::StatusOr<Position> Checkpoint() const override;
  absl::Status Scan(const KeyRange& range,
                    absl::FunctionRef<bool(absl::string_view)> visit) const override;
  absl::Status Write(const CurrentChanges& changes, Position checkpoint) override;
  absl::Status Flush(bool wait) override;

 private:
  const std::shared_ptr<OpenDatabase> database_;
  rocksdb::ColumnFamilyHandle* const handle_;
};

}  // namespace kith::projections
