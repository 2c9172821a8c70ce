// SettingsHistory: the settings of every workspace at every position of the log, so that a past
// answer is computed under those that were recorded by its moment, whatever was chosen since.
//
// A fold of the workspaces' streams that goes on from where it stopped when it is asked for a
// position beyond. It costs nothing where nobody asks, and holds one entry for each change.
// Thread-safe.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/event_registry.h"
#include "services/core/decider.h"
#include "services/workspaces/workspace.h"

namespace kith::workspaces {

class SettingsHistory {
 public:
  // Borrows both.
  SettingsHistory(const eventstore::EventLog& log, const eventstore::EventRegistry& registry)
      : log_(log), registry_(registry) {}

  // The settings that were recorded by `position`, which is not beyond the log's head; the defaults
  // before the workspace's first event. Unavailable when the tier is kMemory and the answer needs
  // the disk, DataLoss when the stream cannot be read.
  absl::StatusOr<std::shared_ptr<const Settings>> At(WorkspaceId workspace, Position position,
                                                     eventstore::ReadTier tier) const
      KITH_EXCLUDES(mutex_);

 private:
  struct History {
    // The settings from each position on, rising.
    std::vector<std::pair<Position, std::shared_ptr<const Settings>>> changes;
    v1::Workspace workspace;  // as of `revision`
    Revision revision;        // the last event of the stream that is folded
    Position known_to;        // the changes are complete up to here
  };

  // Folds what the log holds beyond `history.known_to`.
  absl::Status FoldOn(WorkspaceId workspace, eventstore::ReadTier tier, History& history) const;

  const eventstore::EventLog& log_;
  const eventstore::EventRegistry& registry_;
  mutable Mutex mutex_;
  mutable absl::flat_hash_map<WorkspaceId, History> histories_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::workspaces
