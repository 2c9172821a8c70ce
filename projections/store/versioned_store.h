// VersionedStore: keys and values in which every version of a value stays readable, by the position
// that wrote it.
//
// The one place that knows how versions are stored: RocksDB column families with the position as
// user-defined timestamp and without a write-ahead log. What RocksDB allows there was found by
// trying; the rules are at the top of versioned_store.cc. Reads from any thread; one writer per
// family, whose positions only rise.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "eventstore/base/strong_id.h"
#include "eventstore/log/event_log.h"
#include "projections/store/index_family.h"
#include "projections/store/key_range.h"

namespace kith::projections {

// The views live until the visitor returns; false ends the scan.
using KeyVisitor = absl::FunctionRef<bool(absl::string_view key, absl::string_view value)>;
// The same of several ranges; it is told which one, by its place among them.
using KeysVisitor =
    absl::FunctionRef<Visiting(size_t range, absl::string_view key, absl::string_view value)>;

// Entries to be written together. One thread at a time.
class VersionedBatch {
 public:
  virtual ~VersionedBatch() = default;
  virtual void Put(absl::string_view key, Position at, absl::string_view value) = 0;
  virtual void Delete(absl::string_view key, Position at) = 0;
  // A value that has no versions: the last write wins, and a read at any position sees it. Never
  // the same key as Put.
  virtual void PutUnversioned(absl::string_view key, absl::string_view value) = 0;
  virtual bool empty() const = 0;
  virtual size_t bytes() const = 0;
  virtual void Clear() = 0;
};

// One column family with versions. Shared by the snapshots that read it; after its store is closed
// every call answers Unavailable.
class VersionedFamily {
 public:
  virtual ~VersionedFamily() = default;

  // The newest value written at or before `at`; nullopt when there is none or it was deleted.
  // Unavailable when the tier is kMemory and the answer is not in memory; DataLoss when the bytes
  // on disk are damaged.
  virtual absl::StatusOr<std::optional<std::string>> Get(absl::string_view key, Position at,
                                                         eventstore::ReadTier tier) const = 0;
  // Visits the keys that have a value as of `at`: one range after the other, in any order; where
  // there are several each has an end. The visitor may call Get and Scan. A further range costs a
  // fraction of a scan of its own. Same errors as Get.
  virtual absl::Status ScanEach(absl::Span<const KeyRange> ranges, Position at,
                                KeysVisitor visit) const = 0;
  absl::Status Scan(const KeyRange& range, Position at, KeyVisitor visit) const {
    return ScanEach(absl::MakeConstSpan(&range, 1), at,
                    [&](size_t, absl::string_view key, absl::string_view value) {
                      return visit(key, value) ? Visiting::kGoOn : Visiting::kEnd;
                    });
  }

  virtual std::unique_ptr<VersionedBatch> NewBatch() = 0;
  // Atomic, but not always on disk before a Flush. By the family's one writer.
  virtual absl::Status Write(VersionedBatch& batch) = 0;
  // Writes the memtable to disk; with `wait` false it only begins to.
  virtual absl::Status Flush(bool wait) = 0;
  // DataLoss where merging its files in the background has met damage: it can only be dropped.
  virtual absl::Status Damage() const = 0;
};

// Persisted: how the name of a family of index entries ends.
inline constexpr absl::string_view kIndexSuffix = ".index";

struct VersionedStoreOptions {
  std::string path;
  size_t cache_bytes = 128 << 20;
  size_t memtable_bytes = 64 << 20;
  // A batch of rows so large is sorted and becomes files, instead of going through a memtable.
  size_t sorted_batch_bytes = 1 << 20;
  bool flush_on_close = true;
};

// Who a store belongs to; written when it is created.
struct StoreIdentity {
  std::string store_id;
  uint64_t epoch = 0;
  friend bool operator==(const StoreIdentity&, const StoreIdentity&) = default;
};

class VersionedStore {
 public:
  // Opens or creates the directory. One that is damaged is emptied, and `damage` says so, or is
  // refused as DataLoss where that is null. Other errors as of ViewStore::Open.
  static absl::StatusOr<std::unique_ptr<VersionedStore>> Open(const VersionedStoreOptions& options,
                                                              absl::Status* damage = nullptr);
  // Waits for reads in progress, then closes. No Write or Flush may be running.
  virtual ~VersionedStore() = default;

  // Nullopt in a store that is new.
  virtual absl::StatusOr<std::optional<StoreIdentity>> Identity() const = 0;
  virtual absl::Status SetIdentity(const StoreIdentity& identity) = 0;

  virtual std::vector<std::string> FamilyNames() const = 0;  // sorted
  // Makes those of these families that are not there. Many are made together in a fraction of the
  // time that each takes alone.
  virtual absl::Status CreateMissing(const std::vector<std::string>& families) = 0;
  virtual absl::StatusOr<std::shared_ptr<VersionedFamily>> OpenOrCreate(
      absl::string_view family) = 0;
  // A family without timestamps. Its name has a suffix, which is a second dot and what follows, and
  // a versioned family's has none.
  virtual absl::StatusOr<std::shared_ptr<IndexFamily>> OpenOrCreateIndex(
      absl::string_view family) = 0;
  // The family must not have been opened, or not be written any more. Who reads it still may: its
  // files go with the last of them. A new family may take the name at once.
  virtual absl::Status Drop(absl::string_view family) = 0;
  // After a write or a flush failed: lets the store write again, where the cause is gone. Any
  // thread.
  virtual void Resume() = 0;
};

}  // namespace kith::projections
