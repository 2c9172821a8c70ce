// StateCache: folded states of the streams that commands touched lately. Bounded; the least
// recently used go first.
//
// States are immutable and shared. An entry is as of some revision, at most the stream's: whoever
// decides on it checks that revision when it matters. Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/strong_id.h"
#include "services/runtime/aggregate_type.h"

namespace kith::runtime {

class StateCache {
 public:
  explicit StateCache(size_t entries_max) : shard_entries_max_(entries_max / kShards + 1) {}

  std::optional<Folded> Find(const AggregateType& type, WorkspaceId workspace,
                             absl::string_view stream);
  // Keeps the later of this and what is there.
  void Put(const AggregateType& type, WorkspaceId workspace, absl::string_view stream,
           Folded folded);
  // Calls `evolve` with every aggregate cached for the stream; what it returns takes the entry's
  // place, nullopt drops it.
  void Update(WorkspaceId workspace, absl::string_view stream,
              absl::FunctionRef<std::optional<Folded>(const AggregateType&, const Folded&)> evolve);
  void Drop(WorkspaceId workspace, absl::string_view stream);

 private:
  static constexpr size_t kShards = 16;

  struct Entry {
    std::string key;  // workspace and stream
    const AggregateType* type;
    Folded folded;
  };
  using Entries = std::list<Entry>;  // most recently used first

  struct Shard {
    Mutex mutex;
    Entries entries KITH_GUARDED_BY(mutex);
    // Aggregates of one stream are few: they stand in a small list under its key.
    absl::flat_hash_map<std::string, std::vector<Entries::iterator>> index KITH_GUARDED_BY(mutex);
  };

  Shard& ShardOf(absl::string_view key);
  static void Erase(Shard& shard, Entries::iterator entry) KITH_REQUIRES(shard.mutex);

  const size_t shard_entries_max_;
  std::array<Shard, kShards> shards_;
};

}  // namespace kith::runtime
