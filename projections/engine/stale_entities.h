// StaleEntities: the streams that a view has set aside, because folding an event of theirs failed.
//
// Kept in the view's rows, under keys that begin with a zero byte. FORMAT.md, section data/views.
// Written by the view's lane, read by anybody.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/types.h"
#include "projections/engine/view.h"
#include "projections/store/versioned_store.h"

namespace kith::projections {

class StaleEntities {
 public:
  static absl::StatusOr<std::vector<StaleEntity>> Read(const VersionedFamily& rows);

  // Begins again with these.
  void Assign(std::vector<StaleEntity> entities);
  // Adds one, and puts it into `batch`.
  void Add(StaleEntity entity, VersionedBatch& batch);
  // Whether the event is the one that failed or follows it in its stream. Costs nothing while there
  // are none.
  bool Contains(const eventstore::EventHeader& header) const { return ErrorOf(header).has_value(); }
  // Then why its event failed.
  std::optional<std::string> ErrorOf(const eventstore::EventHeader& header) const;
  // The first of them, by workspace and stream, and how many there are.
  size_t Show(size_t shown_max, std::vector<StaleEntity>* shown) const;

 private:
  using Key = std::pair<WorkspaceId, std::string>;  // a stream

  std::atomic<bool> any_{false};
  mutable Mutex mutex_;
  absl::btree_map<Key, StaleEntity> entities_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::projections
