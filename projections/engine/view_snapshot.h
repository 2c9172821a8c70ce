// ViewSnapshot: a view as of one position. What every read of a view goes through.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/log/event_log.h"
#include "projections/tables/versioned_store.h"

namespace kith::projections {

// A value, cheap to copy; any thread, several at a time. It never changes, however far the view
// moves on. Once the view store is closed every read answers Unavailable.
class ViewSnapshot {
 public:
  // `current` is null where the view has no current index.
  ViewSnapshot(std::shared_ptr<const VersionedFamily> family,
               std::shared_ptr<const CurrentFamily> current, Position position)
      : family_(std::move(family)), current_(std::move(current)), position_(position) {}

  Position position() const { return position_; }

  // Unavailable when the tier is kMemory and the answer is not in memory; DataLoss when the bytes
  // on disk are damaged.
  absl::StatusOr<std::optional<std::string>> Get(absl::string_view key,
                                                 eventstore::ReadTier tier) const {
    return family_->Get(key, position_, tier);
  }
  // Visits the keys of `range` in its direction until the visitor returns false. The visitor may
  // read the snapshot, and must not wait for a client: closing the store waits for it. Touches the
  // disk: not on a gRPC thread.
  absl::Status Scan(const KeyRange& range, KeyVisitor visit) const {
    return family_->Scan(range, position_, visit);
  }

  // The entries of the view's current indexes, which are not as of position() but of the present:
  // at least as new, and newer as soon as the view has moved on. Never null for a view that has
  // such indexes.
  const CurrentFamily* current() const { return current_.get(); }

 private:
  std::shared_ptr<const VersionedFamily> family_;
  std::shared_ptr<const CurrentFamily> current_;
  Position position_;
};

}  // namespace kith::projections
