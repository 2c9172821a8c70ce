// ViewSnapshot: a view as of one position. What every read of a view goes through.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/event_log.h"
#include "projections/engine/generation.h"
#include "projections/engine/read_guard.h"

namespace kith::projections {

// A value, cheap to copy; any thread, several at a time, but for one under a guard. It never
// changes, however far the view moves on. Where the bytes on disk turn out to be damaged the view
// is rebuilt, and the read answers ERROR_VIEW_BUILDING. Once the view store is closed every read
// answers Unavailable.
class ViewSnapshot {
 public:
  ViewSnapshot(std::shared_ptr<const Generation> generation, Position position)
      : generation_(std::move(generation)), position_(position) {}
  // Of families that no view keeps.
  ViewSnapshot(std::shared_ptr<VersionedFamily> rows, std::shared_ptr<IndexFamily> index,
               Position position)
      : ViewSnapshot(
            std::make_shared<Generation>(ViewFamilies{std::move(rows), std::move(index)}, position),
            position) {}

  // The same under a guard, which outlives it and counts what it visits: its errors end a scan.
  ViewSnapshot Guarded(ReadGuard& guard) const {
    ViewSnapshot guarded = *this;
    guarded.guard_ = &guard;
    return guarded;
  }

  Position position() const { return position_; }

  // Counts something of so many bytes that the read looks at: what the snapshot visits is counted
  // by itself, a record that the read takes from the log is not. The guard's errors.
  absl::Status Count(size_t bytes) const {
    return guard_ == nullptr ? absl::OkStatus() : guard_->Count(bytes);
  }

  // Unavailable when the tier is kMemory and the answer is not in memory.
  absl::StatusOr<std::optional<std::string>> Get(absl::string_view key,
                                                 eventstore::ReadTier tier) const {
    auto value = rows().Get(key, position_, tier);
    if (!value.ok()) return generation_->Tell(value.status());
    return value;
  }
  // Visits the keys of `range` in its direction until the visitor returns false. The visitor may
  // read the snapshot, and must not wait for a client: closing the store waits for it. Touches the
  // disk: not on a gRPC thread.
  absl::Status Scan(const KeyRange& range, KeyVisitor visit) const {
    absl::Status going;
    const absl::Status scanned =
        rows().Scan(range, position_, [&](absl::string_view key, absl::string_view value) {
          going = Count(key.size() + value.size());
          return going.ok() && visit(key, value);
        });
    return scanned.ok() ? going : generation_->Tell(scanned);
  }

  // The same of several ranges, one after the other and in any order, each of which has an end: a
  // further one costs a fraction of a scan of its own.
  absl::Status ScanEach(absl::Span<const KeyRange> ranges, KeysVisitor visit) const {
    absl::Status going;
    const absl::Status scanned = rows().ScanEach(
        ranges, position_, [&](size_t range, absl::string_view key, absl::string_view value) {
          going = Count(key.size() + value.size());
          return going.ok() ? visit(range, key, value) : Visiting::kEnd;
        });
    return scanned.ok() ? going : generation_->Tell(scanned);
  }

  // --- Index entries. Aborts in a view that has no indexes.

  // Visits those of versioned indexes, in the same way.
  absl::Status ScanEntriesOfEach(absl::Span<const KeyRange> ranges, EntriesVisitor visit) const {
    absl::Status going;
    const absl::Status scanned =
        index().ScanEach(ranges, position_, [&](size_t range, absl::string_view entry) {
          going = Count(entry.size());
          return going.ok() ? visit(range, entry) : Visiting::kEnd;
        });
    return scanned.ok() ? going : generation_->Tell(scanned);
  }
  absl::Status ScanEntries(const KeyRange& range, EntryVisitor visit) const {
    absl::Status going;
    const absl::Status scanned = index().Scan(range, position_, [&](absl::string_view entry) {
      going = Count(entry.size());
      return going.ok() && visit(entry);
    });
    return scanned.ok() ? going : generation_->Tell(scanned);
  }
  // Visits those of current indexes, which are not as of position() but of the present: at least as
  // new, and newer as soon as the view has moved on.
  absl::Status ScanCurrentEntriesOfEach(absl::Span<const KeyRange> ranges,
                                        EntriesVisitor visit) const {
    absl::Status going;
    const absl::Status scanned =
        index().ScanCurrentEach(ranges, [&](size_t range, absl::string_view entry) {
          going = Count(entry.size());
          return going.ok() ? visit(range, entry) : Visiting::kEnd;
        });
    return scanned.ok() ? going : generation_->Tell(scanned);
  }
  absl::Status ScanCurrentEntries(const KeyRange& range, EntryVisitor visit) const {
    absl::Status going;
    const absl::Status scanned = index().ScanCurrent(range, [&](absl::string_view entry) {
      going = Count(entry.size());
      return going.ok() && visit(entry);
    });
    return scanned.ok() ? going : generation_->Tell(scanned);
  }
  // Whether what ScanCurrentEntries visited before may have been newer than position().
  absl::StatusOr<bool> HasMovedOn() const {
    const absl::StatusOr<Position> checkpoint = index().Checkpoint();
    if (!checkpoint.ok()) return generation_->Tell(checkpoint.status());
    return *checkpoint > position_;
  }

 private:
  const VersionedFamily& rows() const { return *generation_->families().rows; }
  const IndexFamily& index() const {
    KITH_CHECK(generation_->families().index != nullptr);
    return *generation_->families().index;
  }

  std::shared_ptr<const Generation> generation_;
  Position position_;
  ReadGuard* guard_ = nullptr;
};

}  // namespace kith::projections
