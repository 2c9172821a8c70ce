// ViewSnapshot: a view as of one position. What every read of a view goes through.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/event_log.h"
#include "projections/engine/read_guard.h"
#include "projections/tables/versioned_store.h"

namespace kith::projections {

// A value, cheap to copy; any thread, several at a time, but for one under a guard. It never
// changes, however far the view moves on. Once the view store is closed every read answers
// Unavailable.
class ViewSnapshot {
 public:
  ViewSnapshot(std::shared_ptr<const VersionedFamily> rows,
               std::shared_ptr<const IndexFamily> index, Position position)
      : rows_(std::move(rows)), index_(std::move(index)), position_(position) {}

  // The same under a guard, which outlives it and counts what it visits: its errors end a scan.
  ViewSnapshot Guarded(ReadGuard& guard) const {
    ViewSnapshot guarded = *this;
    guarded.guard_ = &guard;
    return guarded;
  }

  Position position() const { return position_; }

  // Unavailable when the tier is kMemory and the answer is not in memory; DataLoss when the bytes
  // on disk are damaged.
  absl::StatusOr<std::optional<std::string>> Get(absl::string_view key,
                                                 eventstore::ReadTier tier) const {
    return rows_->Get(key, position_, tier);
  }
  // Visits the keys of `range` in its direction until the visitor returns false. The visitor may
  // read the snapshot, and must not wait for a client: closing the store waits for it. Touches the
  // disk: not on a gRPC thread.
  absl::Status Scan(const KeyRange& range, KeyVisitor visit) const {
    absl::Status going;
    KITH_RETURN_IF_ERROR(
        rows_->Scan(range, position_, [&](absl::string_view key, absl::string_view value) {
          going = Count(key.size() + value.size());
          return going.ok() && visit(key, value);
        }));
    return going;
  }

  // --- Index entries. Aborts in a view that has no indexes.

  // Visits those of versioned indexes, in the same way.
  absl::Status ScanEntries(const KeyRange& range, EntryVisitor visit) const {
    absl::Status going;
    KITH_RETURN_IF_ERROR(index().Scan(range, position_, [&](absl::string_view entry) {
      going = Count(entry.size());
      return going.ok() && visit(entry);
    }));
    return going;
  }
  // Visits those of current indexes, which are not as of position() but of the present: at least as
  // new, and newer as soon as the view has moved on.
  absl::Status ScanCurrentEntries(const KeyRange& range, EntryVisitor visit) const {
    absl::Status going;
    KITH_RETURN_IF_ERROR(index().ScanCurrent(range, [&](absl::string_view entry) {
      going = Count(entry.size());
      return going.ok() && visit(entry);
    }));
    return going;
  }
  // Whether what ScanCurrentEntries visited before may have been newer than position().
  absl::StatusOr<bool> HasMovedOn() const {
    KITH_ASSIGN_OR_RETURN(const Position checkpoint, index().Checkpoint());
    return checkpoint > position_;
  }

 private:
  absl::Status Count(size_t bytes) const {
    return guard_ == nullptr ? absl::OkStatus() : guard_->Count(bytes);
  }
  const IndexFamily& index() const {
    KITH_CHECK(index_ != nullptr);
    return *index_;
  }

  std::shared_ptr<const VersionedFamily> rows_;
  std::shared_ptr<const IndexFamily> index_;  // null where the view has no indexes
  Position position_;
  ReadGuard* guard_ = nullptr;
};

}  // namespace kith::projections
