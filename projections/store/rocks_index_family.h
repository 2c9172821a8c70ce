// What a RocksDB column family without timestamps is made into: an IndexFamily. The inside of
// versioned_store.cc; nobody else includes it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "projections/store/index_family.h"
#include "projections/store/recent_spans.h"
#include "projections/store/rocks_families.h"

namespace kith::projections {

class RocksIndexFamily final : public IndexFamily {
 public:
  explicit RocksIndexFamily(std::shared_ptr<OpenFamily> family);

  absl::StatusOr<Position> Checkpoint() const override;
  absl::Status ScanEach(absl::Span<const KeyRange> ranges, Position at,
                        EntriesVisitor visit) const override;
  absl::Status ScanCurrentEach(absl::Span<const KeyRange> ranges,
                               EntriesVisitor visit) const override;
  absl::Status ScanSpans(SpanVisitor visit) const override;
  absl::Status Write(const IndexChanges& changes, Position checkpoint) override;
  std::unique_ptr<IndexBuild> Build() override;
  absl::Status Flush(bool wait) override;
  absl::Status Damage() const override { return family_->Damage(); }

 private:
  using Entries = std::vector<IndexChanges::Entry>;

  absl::StatusOr<Position> ReadCheckpoint() const;
  // What was written is of no event after this one, or of those before it only by a write that is
  // under way. Costs a look at the disk until the first write.
  absl::StatusOr<Position> Newest() const;
  // Since when those of `entries`, which are in order, were there that were so before.
  absl::StatusOr<std::vector<Position>> BeginningsOf(const Entries& entries) const;
  // Every span that they end, in the order of its entries.
  absl::StatusOr<std::vector<RecentSpans::Span>> EndedBy(const Entries& entries) const;

  const std::shared_ptr<OpenFamily> family_;
  OpenDatabase* const database_;
  rocksdb::ColumnFamilyHandle* const handle_;
  RecentSpans recent_;
  // The checkpoint of the last write, from before it begins, and that of the last one that was
  // done; 0 before the first.
  std::atomic<uint64_t> newest_ = 0;
  std::atomic<uint64_t> written_ = 0;
};

}  // namespace kith::projections
