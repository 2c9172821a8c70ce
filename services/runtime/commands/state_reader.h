// StateReader: folds streams into states, from the cache where it can.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/event_registry.h"
#include "eventstore/seal/key_store.h"
#include "services/runtime/commands/state_cache.h"

namespace kith::runtime {

// Thread-safe. Borrows everything. All reads answer Unavailable when the tier is kMemory and they
// need the disk, or more events than a gRPC thread should fold, and DataLoss when a record is
// damaged.
class StateReader {
 public:
  StateReader(const eventstore::EventLog& log, const eventstore::EventRegistry& registry,
              const eventstore::KeyStore& keys, StateCache& cache)
      : log_(log), registry_(registry), keys_(keys), cache_(cache) {}

  // The state as cached, else folded from the log. It may be older than the stream, see IsCurrent,
  // but not than revision `at_least`. It has nothing of a person whose key is destroyed.
  absl::StatusOr<Folded> Read(const AggregateType& type, WorkspaceId workspace,
                              absl::string_view stream, eventstore::ReadTier tier,
                              Revision at_least = Revision());
  // The state as of now.
  absl::StatusOr<Folded> ReadCurrent(const AggregateType& type, WorkspaceId workspace,
                                     absl::string_view stream);
  // The fold of the stream's events up to `last`.
  absl::StatusOr<Folded> ReadThrough(const AggregateType& type, WorkspaceId workspace,
                                     absl::string_view stream, Position last,
                                     eventstore::ReadTier tier) const;

  // At most so many events are folded by one read of the tier kMemory.
  static constexpr int kMemoryEventsMax = 100;

  // Whether the stream is still at `revision`; if not, its cached states are marked as outdated.
  absl::StatusOr<bool> IsCurrent(WorkspaceId workspace, absl::string_view stream, Revision revision,
                                 eventstore::ReadTier tier);

  const eventstore::EventLog& log() const { return log_; }
  const eventstore::EventRegistry& registry() const { return registry_; }
  const eventstore::KeyStore& keys() const { return keys_; }
  StateCache& cache() const { return cache_; }

 private:
  const eventstore::EventLog& log_;
  const eventstore::EventRegistry& registry_;
  const eventstore::KeyStore& keys_;
  StateCache& cache_;
};

}  // namespace kith::runtime
